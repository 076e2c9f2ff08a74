/** The settings of the Shiny API. */
import {
  dataSettings,
  httpSettings,
  kafkaSettings,
  namespaceSettings,
  originalUrlSettings,
  processSettings,
  registrySettings,
  requestSettings,
} from '../shared/boot/common-settings.ts';
import { internalSecretSettings, wallSettings } from '../shared/http/wall-settings.ts';
import { integer, type Program, type SettingTable } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';

export const SHINY_PORT_DEFAULT = 9000;

export const readSettings = {
  READY_JSON_MAX: {
    parse: integer(0, 10_000_000),
    help: 'Things whose JSON Shiny keeps in memory, those read last; 0: none',
    default: '50000',
  },
} satisfies SettingTable;

const shinySettings = {
  ...namespaceSettings,
  ...httpSettings('SHINY', SHINY_PORT_DEFAULT),
  ...originalUrlSettings,
  ...dataSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...requestSettings,
  ...readSettings,
  ...wallSettings,
  ...internalSecretSettings,
  ...processSettings,
};

export const shinyProgram: Program<typeof shinySettings> = {
  name: 'shiny-api',
  purpose: 'the new system: the same Things over the log',
  version: VERSION,
  settings: shinySettings,
};
