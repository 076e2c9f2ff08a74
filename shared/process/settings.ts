/**
 * Settings of a process: one table gives the flags, the environment variables, the help and the checks. A flag has the
 * name of its variable (`--kafka-brokers`, KAFKA_BROKERS) and wins over it. All faults are reported at once.
 */
import { parseArgs } from 'node:util';
import { EXIT_BAD_SETTINGS } from './lifecycle.ts';

export interface Setting<T> {
  /** Returns the value, or throws an Error whose message says what was expected. */
  readonly parse: Parse<T>;
  readonly help: string;
  /** As a user would write it; without one the setting must be given, unless it is optional. */
  readonly default?: string;
  /** A default that has to be looked up: `shown` in the help; `find` throws an Error that says what to give. */
  readonly lookup?: { readonly shown: string; readonly find: (env: Environment) => string };
  readonly optional?: true;
  /** Taken from the environment alone, since a flag shows in the list of processes; its value is never printed. */
  readonly secret?: true;
}

export interface Parse<T> {
  (text: string): T;
  /** What is given may hold a password: no fault repeats it. */
  readonly isSecret?: true;
}

export type Environment = Readonly<Record<string, string | undefined>>;

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
  env: Environment,
): SettingsResult<S> => {
  const faults: string[] = [];
  const flags = readFlags(program.settings, args, faults);
  if (flags.has('help')) return { kind: 'text', text: helpText(program) };
  if (flags.has('version')) return { kind: 'text', text: `${program.name} ${program.version}` };

  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(program.settings)) {
    const flag = flagName(name);
    const [text, source] = flags.has(flag) ? [flags.get(flag), `--${flag}`] : [env[name] || undefined, name];
    let given = text ?? setting.default;
    try {
      given ??= setting.lookup?.find(env);
    } catch (error) {
      faults.push(`--${flag} (or ${name}) is missing: ${(error as Error).message}`);
      continue;
    }
    if (given === undefined) {
      if (setting.optional !== true) faults.push(`--${flag} (or ${name}) is missing: ${setting.help}`);
      continue;
    }
    try {
      values[name] = setting.parse(given);
    } catch (error) {
      const shown = isSecret(name, setting) ? 'not what it should be' : JSON.stringify(redacted(given));
      faults.push(`${source} is ${shown}: expected ${(error as Error).message}`);
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
  process.exit(EXIT_BAD_SETTINGS);
};

const SECRET_NAME = /(?:URL|PASSWORD|SECRET|TOKEN|KEY|CREDENTIALS?)$/;

const isSecret = (name: string, { parse, secret }: Setting<unknown>): boolean =>
  secret === true || parse.isSecret === true || SECRET_NAME.test(name);

/** Without what stands before an @: "user:password@host" -> "…@host". */
const redacted = (given: string): string => given.replace(/^[^]*@/, '…@');

const flagName = (variable: string): string => variable.toLowerCase().replaceAll('_', '-');

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
  let unknown = '';
  for (const token of tokens) {
    const after = unknown;
    unknown = '';
    // What follows a misspelt flag may be a password.
    if (token.kind === 'positional' && after !== '') continue;
    if (token.kind === 'positional')
      faults.push(`${JSON.stringify(redacted(token.value))} is not expected here`);
    if (token.kind !== 'option') continue;
    if (!known.has(token.name)) unknown = token.rawName;
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
  const rows = Object.entries(settings).map(
    ([variable, { help, default: preset, lookup, optional, secret }]) => {
      const shown = preset ?? lookup?.shown;
      const more =
        shown !== undefined ? ` (default ${shown === '' ? 'empty' : shown})` : optional ? '' : ' (required)';
      return [secret === true ? '' : `--${flagName(variable)}`, variable, `${help}${more}`];
    },
  );
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

/** Marks what may hold a password. */
export const secret = <T>(parse: (text: string) => T): Parse<T> =>
  Object.assign((text: string) => parse(text), { isSecret: true as const });

/** No fault repeats what was given. User and password are for databases alone, percent-encoded. */
export const url = (...schemes: readonly string[]): Parse<string> =>
  secret((text) => {
    const parsed = URL.parse(text);
    const scheme = parsed?.protocol.slice(0, -1);
    if (parsed === null || scheme === undefined || !schemes.includes(scheme) || parsed.host === '')
      throw new Error(`a URL that begins with ${schemes.map((s) => `${s}://`).join(' or ')}`);
    if (parsed.pathname.includes('@') || parsed.search.includes('@') || parsed.hash !== '')
      throw new Error('a URL in which @ / ? # in user or password are percent-encoded');
    if (scheme.startsWith('http') && (parsed.username !== '' || parsed.password !== ''))
      throw new Error('a URL without user and password; there are settings of their own for them');
    return text.replace(/\/$/, '');
  });

export const pattern =
  (regex: RegExp, expected: string) =>
  (text: string): string => {
    if (!regex.test(text)) throw new Error(expected);
    return text;
  };
