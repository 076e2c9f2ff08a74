/** What the updater is built from. */
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import type { Genesis } from '../../shared/domain/outcome.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Metrics } from '../../shared/process/metrics.ts';
import type { Time } from '../../shared/process/time.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';

export interface UpdaterServiceParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly original: OriginalClient;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  /** Features of this release, else for tests and the simulator. */
  readonly knownFeatures?: readonly string[] | undefined;
}
