/** What every simulated process is given. */
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import type { Genesis } from '../../shared/domain/outcome.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Metrics } from '../../shared/process/metrics.ts';
import type { Time } from '../../shared/process/time.ts';
import type { Machine } from './machine.ts';

export interface NodeParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  readonly machine: Machine;
  readonly lifecycle: Lifecycle;
  readonly responseWaitMs: number;
  /** Of the release that runs there. */
  readonly knownFeatures: readonly string[];
}
