/** The settings of the wall (shared/http/wall.ts): which hosts and origins, and the secrets. */
import { join } from 'node:path';
import { authorityOf, canonicalHost, isLoopback } from './host-check.ts';
import type { WallParts } from './wall.ts';
import { StartError } from '../process/lifecycle.ts';
import { takeFolder } from '../process/own-folder.ts';
import { readSecretFile, secretFromFile } from '../process/secret-file.ts';
import { flag, pattern, text, type SettingTable, type SettingValues } from '../process/settings.ts';

const API_TOKEN_CHARS = /^[\x21-\x7e]{16,512}$/;
const INTERNAL_SECRET_CHARS = /^[\x21-\x7e]{32,512}$/;
const apiToken = pattern(API_TOKEN_CHARS, '16 to 512 visible ASCII characters, without spaces');
const internalSecret = pattern(INTERNAL_SECRET_CHARS, '32 to 512 visible ASCII characters, without spaces');
/** Below DATA_DIR; no namespace has such a name. */
export const INTERNAL_SECRET_FILE_NAME = 'internal.secret';

const list =
  (isItem: (item: string) => boolean, expected: string) =>
  (given: string): readonly string[] => {
    const items = given.split(',').map((item) => item.trim());
    if (!items.every(isItem)) throw new Error(expected);
    return items;
  };

export const apiTokenSettings = {
  API_TOKEN: {
    parse: apiToken,
    help: 'the bearer token that writes and switches need; needed beyond loopback',
    optional: true,
    secret: true,
  },
  API_TOKEN_FILE: { parse: text, help: 'file with the API token, of mode 0600', optional: true },
} satisfies SettingTable;

export const wallSettings = {
  ALLOWED_HOSTS: {
    parse: list(
      (host) => canonicalHost(host) !== undefined && (authorityOf(host)?.port ?? '') === '',
      'names or addresses without ports, separated by commas',
    ),
    help: 'names and addresses beside loopback and our own that a Host header may have, separated by commas',
    optional: true,
  },
  ALLOWED_ORIGINS: {
    parse: list(
      (origin) => /^https?:\/\//.test(origin) && URL.parse(origin)?.origin === origin,
      'origins such as https://admin.example, separated by commas',
    ),
    help: 'origins beside our own whose pages may send requests, separated by commas',
    optional: true,
  },
  ...apiTokenSettings,
  INSECURE: { parse: flag, help: 'listen beyond loopback without an API token', default: 'false' },
} satisfies SettingTable;

export const internalSecretSettings = {
  INTERNAL_SECRET: {
    parse: internalSecret,
    help: 'what the services know each other by',
    optional: true,
    secret: true,
  },
  INTERNAL_SECRET_FILE: {
    parse: text,
    help: `file with it, of mode 0600, written when there is none; ${INTERNAL_SECRET_FILE_NAME} below DATA_DIR if not given`,
    optional: true,
  },
} satisfies SettingTable;

export type WallSettingValues = SettingValues<typeof wallSettings>;

/** Undefined when none is set. Throws StartError. */
export const apiTokenOf = ({
  API_TOKEN,
  API_TOKEN_FILE,
}: SettingValues<typeof apiTokenSettings>): string | undefined =>
  API_TOKEN ?? (API_TOKEN_FILE === undefined ? undefined : readSecretFile(API_TOKEN_FILE, apiToken));

/** What a service that listens on `listenHost` lets in. Throws StartError when everybody could write. */
export const wallParts = (settings: WallSettingValues, listenHost: string): WallParts => {
  const token = apiTokenOf(settings);
  if (token === undefined && !settings.INSECURE && !isLoopback(listenHost)) {
    throw new StartError(
      `${listenHost} can be reached from other machines, where everybody could write and switch: set API_TOKEN or API_TOKEN_FILE, listen on 127.0.0.1, or say --insecure true`,
    );
  }
  return {
    listenHost,
    allowedHosts: settings.ALLOWED_HOSTS ?? [],
    allowedOrigins: settings.ALLOWED_ORIGINS ?? [],
    apiToken: token,
  };
};

/** The secret of the services on this machine; draws one if nobody has. Throws StartError. */
export const internalSecretOf = (
  settings: SettingValues<typeof internalSecretSettings> & { readonly DATA_DIR: string },
): string => {
  if (settings.INTERNAL_SECRET !== undefined) return settings.INTERNAL_SECRET;
  const given = settings.INTERNAL_SECRET_FILE;
  // Before there is anything in it: a folder is marked as ours while it is empty.
  if (given === undefined) takeFolder(settings.DATA_DIR, 'data');
  return secretFromFile(given ?? join(settings.DATA_DIR, INTERNAL_SECRET_FILE_NAME), internalSecret);
};
