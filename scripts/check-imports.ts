/**
 * Part of `make lint`: who may import whom. Each folder stands on the floors that its line names, and no two folders import each
 * other. Tests import what they test.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** What every program may use. */
const SHARED = [
  'shared/domain',
  'shared/process',
  'shared/log',
  'shared/records',
  'shared/replica',
  'shared/http',
  'shared/commands',
  'shared/contracts',
  'shared/things-api',
] as const;
/** What opens these for a program: of those that have a main, settings or a command. */
const BOOT = ['shared/boot', ...SHARED] as const;

/** `/*`: with the folders in it. The longest name counts for a folder, which may import itself. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  'shared/domain': [],
  'shared/process': [],
  'shared/log': ['shared/process'],
  'shared/log/kafkajs': ['shared/log', 'shared/process'],
  'shared/log/platformatic': ['shared/log', 'shared/process'],
  'shared/log/kafka': ['shared/log', 'shared/log/kafkajs', 'shared/log/platformatic', 'shared/process'],
  'shared/records': ['shared/domain', 'shared/log', 'shared/process'],
  'shared/replica': ['shared/domain', 'shared/log', 'shared/process', 'shared/records'],
  'shared/http': ['shared/domain', 'shared/process'],
  'shared/commands': ['shared/domain', 'shared/http', 'shared/log', 'shared/process', 'shared/records'],
  'shared/contracts': ['shared/domain', 'shared/http', 'shared/process'],
  'shared/things-api': ['shared/domain', 'shared/http', 'shared/process'],
  'shared/boot': ['shared/log/kafka', ...SHARED],

  'original-api': ['original-api/*', ...BOOT],
  'original-api/internal': ['original-api/store', ...SHARED],
  'original-api/store': SHARED,
  'shiny-api': BOOT,
  updater: ['updater/*', ...BOOT],
  'updater/http': ['updater/partition', 'updater/switch', ...SHARED],
  'updater/partition': ['updater/outcomes', 'updater/switch', 'updater/things-topic', ...SHARED],
  'updater/switch': ['updater/outcomes', ...SHARED],
  'updater/outcomes': SHARED,
  'updater/things-topic': SHARED,

  scripts: ['original-api/*', 'scripts/stack', 'shiny-api', 'updater', ...BOOT],
  'scripts/stack': ['shared/process'],
  'scripts/client': ['proof/load', ...BOOT],
  'scripts/cli': [
    'original-api/store',
    'proof/*',
    'scripts',
    'scripts/client',
    'scripts/stack',
    'updater/*',
    ...BOOT,
  ],

  proof: ['scripts', 'scripts/client', 'scripts/stack', ...SHARED],
  // The second opinion: of shared it takes types alone.
  'proof/checker': ['type shared/domain'],
  'proof/load': ['proof/checker', ...SHARED],
  'proof/certify': ['proof/checker', 'proof/load', 'scripts/client', ...BOOT],
  'proof/chaos': [
    'proof',
    'proof/certify',
    'proof/checker',
    'proof/load',
    'scripts',
    'scripts/client',
    'scripts/stack',
    'shared/log/kafkajs',
    ...BOOT,
  ],
  'proof/simulator': ['original-api/*', 'proof/checker', 'shiny-api', 'updater/*', ...SHARED],
  'proof/simulator/museum': ['proof/simulator', 'shared/process'],
  'proof/simulator/museum/faults': ['proof/simulator/museum'],
  'proof/model': ['shared/process'],

  bench: ['bench/kit', 'bench/rows', 'scripts/stack', ...SHARED],
  'bench/growth': ['bench/kit', ...SHARED],
  'bench/rows': [
    'bench/bare',
    'bench/kit',
    'proof/load',
    'scripts/client',
    'shared/log/kafka',
    'shiny-api',
    ...SHARED,
  ],
  'bench/kit': ['bench/bare', 'proof', 'scripts/stack', 'shared/log/kafka', ...SHARED],
  'bench/bare': ['shared/log/kafkajs', ...SHARED],
};

const IMPORT = /^(?:import|export)( type)? (?:[^;]*?from )?'(\.[^']+)';|import\('(\.[^']+)'\)/gm;
const EXEMPT = /(^test\/|\.test\.ts$|\.contract\.ts$|^vitest\.config\.ts$)/;

/** The line of a folder: of itself, or of the nearest one around it. */
const floorOf = (folder: string): string | undefined => {
  for (let name = folder; name !== '.'; name = dirname(name)) if (name in FLOORS) return name;
  return undefined;
};

const isWithin = (folder: string, floor: string): boolean =>
  floor.endsWith('/*')
    ? `${folder}/`.startsWith(floor.slice(0, -1))
    : folder === floor || (folder.startsWith(`${floor}/`) && floorOf(folder) === floor);

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isType: boolean;
}

const importsOf = (file: string): Import[] =>
  [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, type, path, dynamic]) => ({
    file,
    target: normalize(join(dirname(file), (path ?? dynamic)!)),
    isType: type !== undefined,
  }));

const fault = ({ file, target, isType }: Import): string | undefined => {
  const [from, folder] = [floorOf(dirname(file)), dirname(target)];
  if (from === undefined) return `${file}: its folder has no line in scripts/check-imports.ts`;
  const mayImport = [from, ...FLOORS[from]!].some((floor) =>
    floor.startsWith('type ') ? isType && isWithin(folder, floor.slice(5)) : isWithin(folder, floor),
  );
  return mayImport ? undefined : `${file}: ${from} may not import ${target}`;
};

/** Of which each imports the other. */
const pairsOf = (imports: readonly Import[]): string[] => {
  const edges = new Set(imports.map(({ file, target }) => `${dirname(file)} ${dirname(target)}`));
  return [...edges].flatMap((edge) => {
    const [from, to] = edge.split(' ') as [string, string];
    return from < to && edges.has(`${to} ${from}`) ? [`${from} and ${to} import each other`] : [];
  });
};

const files = globSync('**/*.ts', { exclude: (name) => name === 'node_modules' || name === '.local' });
const imports = files.filter((file) => !EXEMPT.test(file)).flatMap(importsOf);
const faults = [...imports.map(fault).filter((one) => one !== undefined), ...pairsOf(imports)];
for (const one of faults) process.stderr.write(`${one}\n`);
if (faults.length > 0) process.exitCode = 1;
