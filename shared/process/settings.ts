/**
 * Settings of a process: one table gives the flags, the environment variables, the help and the checks. A flag has the
 * name of its variable (`--kafka-brokers`, KAFKA_BROKERS) and wins over it. All faults are reported at once.
 */
import { parseArgs } from 'node:util';

export interface Setting<T> {
  /** Returns the value, or throws an Error whose message says what was expected. */
  readonly parse: (text: string) => T;
  readonly help: string;
  /** As a user would write it; without one the setting must be given, unless it is optional. */
  readonly default?: string;
  readonly optional?: true;
  /** Taken from the environment alone, since a flag shows in the list of processes; its value is never printed. */
  readonly secret?: true;
}

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

export type SettingValues<S extends SettingTable> = {
  readonly [K in keyof S]: S[K] extends { optional: true } ? ValueOf<S[K]> | undefined : ValueOf<S[K]>;
};
type ValueOf<S> = S extends Setting<infer T> ? T : never;

export interface Program<S extends SettingTable> {
  readonly name: string;
  /** One sentence. */
  readonly purpose: string;
  readonly version: string;
  /** By environment variable. */
  readonly settings: S;
}

export type SettingsResult<S extends SettingTable> =
  | { readonly kind: 'values'; readonly values: SettingValues<S> }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'faults'; readonly faults: string[] };

export const readSettings = <S extends SettingTable>(
  program: Program<S>,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): SettingsResult<S> => {
  const faults: string[] = [];
  const flags = readFlags(program.settings, args, faults);
  if (flags.has('help')) return { kind: 'text', text: helpText(program) };
  if (flags.has('version')) return { kind: 'text', text: `${program.name} ${program.version}` };

  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(program.settings)) {
    const flag = flagName(name);
    const [text, source] = flags.has(flag) ? [flags.get(flag), `--${flag}`] : [env[name] || undefined, name];
    const given = text ?? setting.default;
    if (given === undefined) {
      if (setting.optional !== true) faults.push(`--${flag} (or ${name}) is missing: ${setting.help}`);
      continue;
    }
    try {
      values[name] = setting.parse(given);
    } catch (error) {
      const value = setting.secret === true ? 'not usable' : JSON.stringify(given);
      faults.push(`${source} is ${value}: expected ${(error as Error).message}`);
    }
  }
  return faults.length > 0
    ? { kind: 'faults', faults }
    : { kind: 'values', values: values as SettingValues<S> };
};

/** The settings of this process; prints help, version or all faults and exits (0, 0, 2) when there are none to return. */
export const settingsOrExit = <S extends SettingTable>(program: Program<S>): SettingValues<S> => {
  const result = readSettings(program, process.argv.slice(2), process.env);
  if (result.kind === 'values') return result.values;
  if (result.kind === 'text') {
    process.stdout.write(`${result.text}\n`);
    process.exit(0);
  }
  process.stderr.write(`${program.name}: bad settings, nothing was started\n`);
  for (const fault of result.faults) process.stderr.write(`  ${fault}\n`);
  process.stderr.write(`${program.name} --help lists all settings\n`);
  process.exit(2);
};

export const flagName = (variable: string): string => variable.toLowerCase().replaceAll('_', '-');

const variableName = (flag: string): string => flag.toUpperCase().replaceAll('-', '_');

const readFlags = (
  settings: SettingTable,
  args: readonly string[],
  faults: string[],
): Map<string, string> => {
  const known = new Set(Object.keys(settings).map(flagName));
  const secrets = new Set(
    Object.entries(settings).flatMap(([name, { secret }]) => (secret === true ? [flagName(name)] : [])),
  );
  const flags = new Map<string, string>();
  // `-help` is what people of the JVM type.
  const { tokens } = parseArgs({
    args: args.map((arg) => (arg === '-help' || arg === '-h' ? '--help' : arg)),
    options: Object.fromEntries([
      ...[...known].map((flag) => [flag, { type: 'string' as const }] as const),
      ['help', { type: 'boolean' as const }] as const,
      ['version', { type: 'boolean' as const }] as const,
    ]),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') faults.push(`${JSON.stringify(token.value)} is not expected here`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help' || token.name === 'version') flags.set(token.name, '');
    else if (!known.has(token.name)) faults.push(`${token.rawName} is not a setting`);
    else if (secrets.has(token.name))
      faults.push(
        `${token.rawName} would show in the list of processes: set ${variableName(token.name)} instead`,
      );
    else if (token.value === undefined) faults.push(`${token.rawName} needs a value`);
    else flags.set(token.name, token.value);
  }
  return flags;
};

const helpText = ({ name, purpose, settings }: Program<SettingTable>): string => {
  const rows = Object.entries(settings).map(([variable, { help, default: preset, optional, secret }]) => [
    secret === true ? '' : `--${flagName(variable)}`,
    variable,
    `${help}${preset !== undefined ? ` (default ${preset === '' ? 'empty' : preset})` : optional ? '' : ' (required)'}`,
  ]);
  rows.push(['--help', '', 'this text'], ['--version', '', 'the version']);
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]!.length));
  const [flagWidth, variableWidth] = [width(0), width(1)];
  const lines = rows.map(
    ([flag, variable, help]) => `  ${flag!.padEnd(flagWidth)}  ${variable!.padEnd(variableWidth)}  ${help}`,
  );
  return [
    `${name}: ${purpose}`,
    '',
    'Settings, as flag or environment variable; the flag wins:',
    ...lines,
  ].join('\n');
};

export const text = (text: string): string => {
  if (text === '') throw new Error('some text');
  return text;
};

export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || value < min || value > max)
      throw new Error(`an integer from ${min} to ${max}`);
    return value;
  };

export const port = integer(0, 65_535);

export const choice =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find((candidate) => candidate === text);
    if (found === undefined) throw new Error(`one of ${choices.join(', ')}`);
    return found;
  };

export const flag = (text: string): boolean => {
  if (['1', 'true', 'yes'].includes(text)) return true;
  if (['0', 'false', 'no'].includes(text)) return false;
  throw new Error('true or false');
};

export const url =
  (...schemes: readonly string[]) =>
  (text: string): string => {
    const scheme = URL.parse(text)?.protocol.slice(0, -1);
    if (scheme === undefined || !schemes.includes(scheme))
      throw new Error(`a URL that begins with ${schemes.map((s) => `${s}://`).join(' or ')}`);
    return text.replace(/\/$/, '');
  };

export const pattern =
  (regex: RegExp, expected: string) =>
  (text: string): string => {
    if (!regex.test(text)) throw new Error(expected);
    return text;
  };
