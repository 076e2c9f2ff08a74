/** What a service opens that folds the log into a local store: the log, its namespace, the store, a way to Original. */
import { join } from 'node:path';
import type { RecordCodec } from '../records/record-codec.ts';
import type { Genesis } from '../domain/outcome.ts';
import { createOriginalClient, type OriginalClient } from '../contracts/original-client.ts';
import { watchOriginal } from '../contracts/original-identity.ts';
import { internalSecretOf, type internalSecretSettings } from '../http/wall-settings.ts';
import type { EventLog } from '../log/event-log.ts';
import { describeLog } from '../replica/log-extent.ts';
import type { FoldStore } from '../replica/fold-store.ts';
import { openFoldStore } from '../replica/lmdb-fold-store.ts';
import type { dataSettings, originalUrlSettings } from './common-settings.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import type { Logger } from '../process/logger.ts';
import { openLog, openNamespace, type LogSettingValues } from './open-log.ts';
import { takeFolder } from '../process/own-folder.ts';
import type { SettingValues } from '../process/settings.ts';
import { systemTime } from '../process/time.ts';

export interface OpenFold {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly store: FoldStore;
  readonly original: OriginalClient;
}

/** `name` names the service, and its folder below DATA_DIR. Throws StartError. */
export const openFold = async (
  name: string,
  settings: LogSettingValues &
    SettingValues<typeof dataSettings & typeof originalUrlSettings & typeof internalSecretSettings>,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<OpenFold> => {
  const { NAMESPACE: namespace } = settings;
  const secret = internalSecretOf(settings);
  const { log, codec } = await openLog(name, settings, lifecycle, logger);
  const genesis = await openNamespace(settings, log, codec, logger);
  takeFolder(settings.DATA_DIR, 'data');
  const folder = join(settings.DATA_DIR, namespace, name);
  const extent = await describeLog(log, namespace);
  const store = await openFoldStore(folder, genesis, extent, logger, systemTime);
  lifecycle.onClose('local store', () => store.close());
  lifecycle.failWith(`the local store in ${folder}`, store.failed);
  const original = createOriginalClient({
    url: settings.ORIGINAL_URL,
    namespace,
    genesis: genesis.id,
    secret,
  });
  lifecycle.onClose('client of the Original API', () => original.close());
  watchOriginal(original, { logger, time: systemTime }, lifecycle);
  return { namespace, genesis, log, codec, store, original };
};
