/** A local schema registry; it keeps its schemas in Postgres, so that their ids survive a restart. */
import { join, relative, resolve } from 'node:path';
import { fetchArtifacts } from './artifacts.ts';
import type { StackSettings } from './config.ts';
import { JAVA_ENV, javaMark } from './java.ts';
import { checkPortFree } from './ports.ts';
import { POSTGRES_USER, REGISTRY_DATABASE } from './postgres.ts';
import { postgresPassword } from './stack-secrets.ts';
import { startPart, type StackPart } from './stack-part.ts';

const JVM_OPTIONS = ['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const PROBE_TIMEOUT_MS = 1_000;

export const registryUrl = (port: number): string => `http://127.0.0.1:${port}/apis/ccompat/v7`;

export const startRegistry = async (
  settings: StackSettings,
  report: (line: string) => void,
): Promise<StackPart> => {
  const {
    REGISTRY_PORT: port,
    POSTGRES_PORT: postgresPort,
    STACK_DIR: folder,
    STACK_WAIT_MS: waitMs,
  } = settings;
  await checkPortFree('the schema registry', port, 'REGISTRY_PORT');
  const { registryJar } = await fetchArtifacts(report);
  const properties = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    'apicurio.storage.kind': 'sql',
    'apicurio.storage.sql.kind': 'postgresql',
    'apicurio.datasource.url': `jdbc:postgresql://127.0.0.1:${postgresPort}/${REGISTRY_DATABASE}`,
    'apicurio.datasource.username': POSTGRES_USER,
  };
  return startPart({
    name: 'Schema registry',
    logs: join(folder, 'logs'),
    waitMs,
    report,
    command: 'java',
    cwd: folder,
    // Not as an argument, which everybody on the machine sees.
    env: { ...process.env, ...JAVA_ENV, APICURIO_DATASOURCE_PASSWORD: postgresPassword(folder) },
    args: [
      ...JVM_OPTIONS,
      javaMark(resolve(folder)),
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      '-jar',
      relative(folder, registryJar),
    ],
    stopSignal: 'TERM',
    probe: async () => {
      const response = await fetch(`${registryUrl(port)}/subjects`, {
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`status ${response.status}`);
    },
  });
};
