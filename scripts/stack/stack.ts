/** The local stack: Kafka, schema registry and Postgres, or the part of it that was not given by an address. */
import { settledWithin } from '../../shared/process/timeout.ts';
import { fetchArtifacts } from './artifacts.ts';
import type { StackSettings } from './config.ts';
import { startKafka } from './kafka.ts';
import { PLAYGROUND_DATABASE, postgresUrl, startPostgres } from './postgres.ts';
import { registryUrl, startRegistry } from './registry.ts';
import type { StackPart } from './stack-part.ts';

/** Where the parts are reached, under the names of the settings. */
export interface StackAddresses {
  readonly KAFKA_BROKERS: string;
  readonly SCHEMA_REGISTRY_URL: string;
  readonly DATABASE_URL: string;
}

export interface Stack {
  readonly addresses: StackAddresses;
  /** Rejects when a part ends by itself. */
  readonly failed: Promise<never>;
  /** In reverse order. */
  stop(): Promise<void>;
  /** At once, by force. */
  kill(): void;
}

const STOP_WAIT_MS = 9_500;

/** Starts what `given` does not name. Throws StartError, having stopped what was started. */
export const startStack = async (
  settings: StackSettings,
  given: Partial<StackAddresses>,
  report: (line: string) => void,
): Promise<Stack> => {
  const started: StackPart[] = [];
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    const stopped = (async () => {
      for (const part of started.toReversed()) await part.stop();
    })();
    if (!(await settledWithin(stopped, STOP_WAIT_MS))) kill();
  };
  const kill = (): void => {
    stopping = true;
    for (const part of started) part.process.kill();
  };
  const start = async (work: () => Promise<StackPart>): Promise<void> => {
    const began = performance.now();
    const part = await work();
    started.push(part);
    report(`${part.name} ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    void part.process.ended.then((how) => {
      if (!stopping) reject(new Error(`${part.name} ended by itself with ${how}`));
    });
  };

  const localKafka = given.KAFKA_BROKERS === undefined;
  const localRegistry = given.SCHEMA_REGISTRY_URL === undefined;
  // The registry keeps its schemas there.
  const localPostgres = given.DATABASE_URL === undefined || localRegistry;
  try {
    if (localKafka || localRegistry) await fetchArtifacts(report);
    await settleAll([
      async () => {
        if (localPostgres) await start(() => startPostgres(settings, report));
        if (localRegistry) await start(() => startRegistry(settings, report));
      },
      async () => {
        if (localKafka) await start(() => startKafka(settings, report));
      },
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    addresses: {
      KAFKA_BROKERS: given.KAFKA_BROKERS ?? `127.0.0.1:${settings.KAFKA_PORT}`,
      SCHEMA_REGISTRY_URL: given.SCHEMA_REGISTRY_URL ?? registryUrl(settings.REGISTRY_PORT),
      DATABASE_URL: given.DATABASE_URL ?? postgresUrl(settings, PLAYGROUND_DATABASE),
    },
    failed,
    stop,
    kill,
  };
};

/** Waits for all, so that nothing starts behind our back, and then throws the first error. */
const settleAll = async (works: readonly (() => Promise<void>)[]): Promise<void> => {
  const results = await Promise.allSettled(works.map((work) => work()));
  const rejected = results.find((result) => result.status === 'rejected');
  if (rejected !== undefined) throw rejected.reason;
};
