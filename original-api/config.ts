/** The settings of the Original API. */
import {
  dataSettings,
  httpSettings,
  kafkaSettings,
  namespaceSettings,
  processSettings,
  registrySettings,
  requestSettings,
} from '../shared/boot/common-settings.ts';
import { internalSecretSettings, wallSettings } from '../shared/http/wall-settings.ts';
import { localDatabaseUrl } from '../shared/process/local-database.ts';
import { integer, url, type Program } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';

export const ORIGINAL_PORT_DEFAULT = 3000;

const originalSettings = {
  ...namespaceSettings,
  ...httpSettings('ORIGINAL', ORIGINAL_PORT_DEFAULT),
  DATABASE_URL: {
    parse: url('postgres', 'postgresql'),
    help: 'the Postgres database; ?sslmode=verify-full for TLS',
    lookup: { shown: 'the local stack, with its password', find: localDatabaseUrl },
  },
  DATABASE_POOL_MAX: {
    parse: integer(2, 1_000),
    help: 'connections to the database for clients; relay, mirror and switch have some more',
    default: '20',
  },
  DATA_DIR: { ...dataSettings.DATA_DIR, help: 'folder of the internal secret, where none is given' },
  ...kafkaSettings,
  ...registrySettings,
  ...requestSettings,
  ...wallSettings,
  ...internalSecretSettings,
  ...processSettings,
};

export const originalProgram: Program<typeof originalSettings> = {
  name: 'original-api',
  purpose: 'the old system: REST over Postgres, its outbox relay and its mirror of Shiny',
  version: VERSION,
  settings: originalSettings,
};
