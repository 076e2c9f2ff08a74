/** The Original API without HTTP: relay, mirror, and what its routes call. The simulator runs it as it is. */
import type { RecordCodec } from '../shared/records/record-codec.ts';
import { createCommandSender } from '../shared/commands/command-sender.ts';
import { createOutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import { ApiError, unavailable } from '../shared/http/errors.ts';
import type { ThingsBackend } from '../shared/things-api/things-backend.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import { topicName } from '../shared/records/topics.ts';
import { isoTime } from '../shared/process/iso-time.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Metrics } from '../shared/process/metrics.ts';
import { retryForever } from '../shared/process/retry-forever.ts';
import type { Progress } from '../shared/process/progress.ts';
import type { Time } from '../shared/process/time.ts';
import { internalHandlers, type InternalHandlers } from './internal/internal-handlers.ts';
import { startMirror } from './mirror.ts';
import type { ThingStore } from './store/thing-store.ts';
import { startStoreWatch, type StoreFault } from './store-watch.ts';
import { createOutboxWatch } from './store/outbox-watch.ts';
import { startOutboxRelay } from './outbox-relay.ts';
import { originalBackend } from './things-backend.ts';

/** How long the start waits for the mirror, at most; then the start is given up. */
const MIRROR_WAIT_MAX_MS = 3_600_000;

export interface OriginalServiceParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly things: ThingStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  readonly responseWaitMs: number;
  /** Features of this release, else for tests and the simulator. */
  readonly knownFeatures?: readonly string[] | undefined;
}

export interface OriginalService {
  readonly backend: ThingsBackend;
  readonly calls: InternalHandlers;
  /** How far the mirror is. */
  readonly mirrored: Progress;
  /** What it still waits for, until it is ready. */
  notReady(): string | undefined;
  /** Partitions that serve no write, for a health answer. */
  troubled(): readonly object[];
  /** Why a partition serves no write, if so. */
  storeFault(partition: number): StoreFault | undefined;
}

export const startOriginalService = async (
  parts: OriginalServiceParts,
  lifecycle: Lifecycle,
): Promise<OriginalService> => {
  const { namespace, genesis, things, log, codec, logger, metrics, time, responseWaitMs } = parts;
  const { partitions } = genesis;
  const outcomesTopic = topicName(namespace, 'things.outcomes');
  const feedTopic = topicName(namespace, 'things.original');
  const waiter = createOutcomeWaiter();

  const relay = startOutboxRelay({ namespace, things, log, codec, logger, metrics, time });
  lifecycle.onClose('outbox relay', () => relay.stop());
  lifecycle.failWith('the outbox relay', relay.failed);
  const mirror = await startMirror({ ...parts, waiter });
  lifecycle.onClose('mirror', () => mirror.stop());
  lifecycle.failWith('the mirror', mirror.failed);

  const ends = await log.endOffsets(outcomesTopic);
  const mirrored = mirror.progress;
  const behind = (): number => ends.filter((end, partition) => mirrored.next(partition) < end).length;
  const watch = await startStoreWatch({
    store: things,
    partitions,
    recent: () => mirror.recent(),
    onFacts: createOutboxWatch({ things, logger, metrics, time }),
    headers: () => mirror.headers(),
    stored: () => mirror.stored(),
    feedEnds: () => log.endOffsets(feedTopic),
    logger,
    time,
  });
  lifecycle.onClose('store watch', async () => watch.stop());
  lifecycle.failWith('the mirror', watch.failed);
  things.onSession(watch.verifySession);
  let isHeldAgainstLog = false;
  /** Checks the store against the log once the mirror has reached the end noted at start; before, no check is possible. */
  const holdAgainstLog = async (): Promise<void> => {
    await Promise.all(ends.map((end, partition) => mirrored.until(partition, end, MIRROR_WAIT_MAX_MS)));
    await retryForever(
      'the store could not be held against the log',
      { logger, time },
      () => isStopped,
      watch.check,
    );
    isHeldAgainstLog = true;
  };
  let isStopped = false;
  lifecycle.onClose('check of the store', async () => {
    isStopped = true;
  });
  lifecycle.failWith('the check of the store', holdAgainstLog());
  const notReady = (): string | undefined => {
    if (behind() > 0) return `the mirror reads ${behind()} of ${partitions} partitions`;
    return isHeldAgainstLog ? undefined : 'the store is held against the log';
  };
  /** Refuses writes until the mirror has read the log up to this start: only then the tables have all earlier decisions. */
  const checkWritable = (partition: number): void => {
    const waiting = notReady();
    if (waiting !== undefined) throw unavailable(`nothing was written, not ready: ${waiting}`);
    const fault = watch.fault(partition);
    if (fault !== undefined) throw new ApiError('diverged', `nothing was written: ${fault.reason}`);
  };
  const sender = createCommandSender({
    namespace,
    genesis,
    log,
    codec,
    waiter,
    responseWaitMs,
    time,
    unknownHeaders: (commandId) => ({ 'x-command-id': commandId }),
  });
  return {
    backend: originalBackend({
      things,
      checkWritable,
      partitions,
      features: (partition) => mirror.headers()[partition]!.features,
      sender,
      log,
      outcomesTopic,
      mirrored,
      responseWaitMs,
      time,
      logger,
    }),
    calls: internalHandlers({
      things,
      checkWritable,
      log,
      feedTopic,
      partitions,
      mirrored,
      responseWaitMs,
      time,
    }),
    mirrored,
    notReady: () => notReady() ?? mirror.trouble(),
    storeFault: watch.fault,
    troubled: () =>
      Array.from({ length: partitions }, (_, partition) => partition).flatMap((partition) => {
        const fault = watch.fault(partition);
        return fault === undefined
          ? []
          : [
              {
                partition,
                state: 'diverged',
                reason: fault.reason,
                since: isoTime(fault.since),
              },
            ];
      }),
  };
};
