/** Kafka and the registry, as Maven brings them. */
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '../../shared/process/lifecycle.ts';
import { startGuarded } from './guarded-process.ts';

export interface Artifacts {
  /** A class path. */
  readonly kafka: string;
  readonly registryJar: string;
}

const FOLDER = '.local/artifacts';
const POM = fileURLToPath(new URL('./pom.xml', import.meta.url));
const OUTPUT_KEPT_LINES = 20;

/** Fetches what is not there yet. Throws StartError with Maven's last lines. */
export const fetchArtifacts = async (report: (line: string) => void): Promise<Artifacts> => {
  const artifacts = {
    kafka: join(FOLDER, 'kafka', '*'),
    registryJar: join(FOLDER, 'registry', 'apicurio-registry-app-3.0.9-runner.jar'),
  };
  const stamp = join(FOLDER, `complete-${hash('sha256', readFileSync(POM), 'hex').slice(0, 16)}`);
  if (existsSync(stamp)) return artifacts;

  const started = performance.now();
  report('fetching Kafka and the schema registry with Maven, once (some 150 MB) …');
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const lines: string[] = [];
  const maven = startGuarded({
    command: 'mvn',
    args: ['-B', '-q', '-f', POM, `-Dartifacts.folder=${join(process.cwd(), FOLDER)}`, 'process-resources'],
    stopSignal: 'TERM',
    onLine: (line) => {
      lines.push(line);
      if (lines.length > OUTPUT_KEPT_LINES) lines.shift();
    },
  });
  const end = await maven.ended;
  if (end !== 'status 0')
    throw new StartError(`Maven could not fetch the stack (${end}):\n${lines.join('\n')}`);
  writeFileSync(stamp, '');
  report(`fetched after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return artifacts;
};
