/** Kafka and the registry, as Maven brings them. */
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onDisk } from '../../shared/process/disk-fault.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { FOLDER_MODE } from '../../shared/process/own-folder.ts';
import { isAlive } from './temporary-folder.ts';
import { runGuarded } from './guarded-process.ts';
import { JAVA_ENV } from './java.ts';
import { CHECKOUT } from './outside-folder.ts';

export interface Artifacts {
  /** A class path. */
  readonly kafka: string;
  readonly registryJar: string;
}

const LOCAL = join(CHECKOUT, '.local');
const FOLDER = join(LOCAL, 'artifacts');
const DRAFT_PREFIX = 'artifacts.new-';
const POM = fileURLToPath(new URL('./pom.xml', import.meta.url));

/** Fetches what is not there yet. Throws StartError with Maven's last lines. */
export const fetchArtifacts = async (report: (line: string) => void): Promise<Artifacts> => {
  const artifacts = {
    kafka: join(FOLDER, 'kafka', '*'),
    registryJar: join(FOLDER, 'registry', 'apicurio-registry-app-3.0.9-runner.jar'),
  };
  const stamp = `complete-${hash('sha256', readFileSync(POM), 'hex').slice(0, 16)}`;
  if (existsSync(join(FOLDER, stamp))) return artifacts;

  const started = performance.now();
  report('fetching Kafka and the schema registry with Maven, once (some 150 MB) …');
  const draft = join(LOCAL, `${DRAFT_PREFIX}${process.pid}`);
  onDisk(LOCAL, () => {
    mkdirSync(LOCAL, { recursive: true, mode: FOLDER_MODE });
    sweepDrafts();
    mkdirSync(draft);
  });
  try {
    const { end, lines } = await runGuarded({
      command: 'mvn',
      args: ['-B', '-q', '-f', POM, `-Dartifacts.folder=${draft}`, 'process-resources'],
      env: { ...process.env, ...JAVA_ENV },
      stopSignal: 'TERM',
    });
    if (end !== 'status 0')
      throw new StartError(`Maven could not fetch the stack (${end}):\n${lines.join('\n')}`);
    onDisk(FOLDER, () => {
      writeFileSync(join(draft, stamp), '');
      // Whole, or not there: what comes instead of it is in its place at once.
      rmSync(FOLDER, { recursive: true, force: true });
      renameSync(draft, FOLDER);
    });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  report(`fetched after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return artifacts;
};

/** What fetches that were cut off have left. */
const sweepDrafts = (): void => {
  for (const name of readdirSync(LOCAL)) {
    if (!name.startsWith(DRAFT_PREFIX) || isAlive(Number(name.slice(DRAFT_PREFIX.length)))) continue;
    rmSync(join(LOCAL, name), { recursive: true, force: true });
  }
};
