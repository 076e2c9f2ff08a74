/** The settings of the updater. */
import {
  dataSettings,
  httpSettings,
  kafkaSettings,
  namespaceSettings,
  originalUrlSettings,
  processSettings,
  registrySettings,
} from '../shared/boot/common-settings.ts';
import { internalSecretSettings, wallSettings } from '../shared/http/wall-settings.ts';
import type { Program } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';

export const UPDATER_PORT_DEFAULT = 9090;

const updaterSettings = {
  ...namespaceSettings,
  ...httpSettings('UPDATER', UPDATER_PORT_DEFAULT),
  ...originalUrlSettings,
  ...dataSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...wallSettings,
  ...internalSecretSettings,
  ...processSettings,
};

export const updaterProgram: Program<typeof updaterSettings> = {
  name: 'updater',
  purpose: 'decides commands, by itself or through the Original API, and puts its feed into the outcomes',
  version: VERSION,
  settings: updaterSettings,
};
