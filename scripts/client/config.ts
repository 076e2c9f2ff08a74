/** Where the `playground` command finds a running playground. */
import { Option, type Command } from 'commander';
import {
  kafkaSettings,
  namespaceSettings,
  processSettings,
  registrySettings,
} from '../../shared/boot/common-settings.ts';
import { apiTokenOf, apiTokenSettings } from '../../shared/http/wall-settings.ts';
import { readSettings, type SettingTable, type SettingValues } from '../../shared/process/settings.ts';
import { CommandFault, EXIT } from './exit.ts';
import { httpUrl } from './option-parsers.ts';
import { VERSION } from '../../shared/process/version.ts';

export interface Addresses {
  readonly originalUrl: string;
  readonly shinyUrl: string;
  readonly updaterUrl: string;
}

const logSettings = { ...namespaceSettings, ...kafkaSettings, ...registrySettings, ...processSettings };
export type PlaygroundLogSettings = SettingValues<typeof logSettings>;

/** Adds the options that every command has. */
export const withAddresses = (command: Command): Command =>
  command
    .addOption(
      new Option('--original-url <url>')
        .env('ORIGINAL_URL')
        .argParser(httpUrl)
        .default('http://127.0.0.1:3000'),
    )
    .addOption(
      new Option('--shiny-url <url>').env('SHINY_URL').argParser(httpUrl).default('http://127.0.0.1:9000'),
    )
    .addOption(
      new Option('--updater-url <url>')
        .env('UPDATER_URL')
        .argParser(httpUrl)
        .default('http://127.0.0.1:9090'),
    )
    .option('--json', 'print the result as JSON');

/** The settings of the log, from the environment, as the services take them. Throws CommandFault. */
export const playgroundLogSettings = (): PlaygroundLogSettings => fromEnvironment(logSettings);

/** What writes and switches carry: the API token, from the environment as the services take it. Throws CommandFault. */
export const bearerHeaders = (): Readonly<Record<string, string>> => {
  const token = apiTokenOf(fromEnvironment(apiTokenSettings));
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
};

const fromEnvironment = <S extends SettingTable>(settings: S): SettingValues<S> => {
  const result = readSettings(
    { name: 'playground', purpose: '', version: VERSION, settings },
    [],
    process.env,
  );
  if (result.kind === 'values') return result.values;
  throw new CommandFault(EXIT.usage, result.kind === 'faults' ? result.faults.join('\n') : result.text);
};
