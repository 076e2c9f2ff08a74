/**
 * The stack for the tests, once per run: by addresses in the environment, else by docker through testcontainers, else
 * started here, on free ports, in a temporary folder, and cleaned up. Never skipped: what is missing is a failure.
 */
import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';
import { isolatedStackSettings } from '../proof/isolated-playground.ts';
import { startStack, type StackAddresses } from '../scripts/stack/stack.ts';
import { removeTemporaryFolder, temporaryFolder } from '../scripts/stack/temporary-folder.ts';
import { startDockerStack } from './docker-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackAddresses;
  }
}

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL } = process.env;
  if (KAFKA_BROKERS !== undefined && SCHEMA_REGISTRY_URL !== undefined && DATABASE_URL !== undefined) {
    project.provide('stack', { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL });
    return async () => undefined;
  }
  if (dockerAnswers()) {
    const { addresses, stop } = await startDockerStack();
    project.provide('stack', addresses);
    return stop;
  }
  const folder = temporaryFolder('migration-playground-stack-');
  const stack = await startStack(await isolatedStackSettings(folder), {}, () => undefined);
  project.provide('stack', stack.addresses);
  return async () => {
    await stack.stop();
    removeTemporaryFolder(folder);
  };
};

const dockerAnswers = (): boolean => {
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
