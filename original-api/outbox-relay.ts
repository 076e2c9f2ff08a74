/**
 * Publishes Original's outbox: at least once, in order. Which rows may be read is decided by the store (P7); here the order is
 * kept on the wire: one batch after the other, and a batch that failed is sent again before anything behind it.
 *
 * Each Original API process relays, woken by its own writes and by a slow poll. Two that read the same rows publish
 * them twice, which the fold ignores. (NOTIFY in the write's transaction was rejected: it makes commits queue up
 * behind one lock of the whole database.)
 */
import type { RecordCodec } from '../shared/records/record-codec.ts';
import { BACKGROUND_LINGER_MS } from '../shared/log/linger.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import { topicName } from '../shared/records/topics.ts';
import { retryForever } from '../shared/process/retry-forever.ts';
import { StartError } from '../shared/process/lifecycle.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Metrics } from '../shared/process/metrics.ts';
import type { Time } from '../shared/process/time.ts';
import type { ThingStore, OutboxEntry } from './store/thing-store.ts';

export interface OutboxRelayParts {
  readonly namespace: string;
  readonly things: ThingStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
}

export interface OutboxRelay {
  /** Rejects with StartError at an entry that only a newer release can read whole. */
  readonly failed: Promise<never>;
  /** Resolves when what was published is removed, or known to be sent again later. */
  stop(): Promise<void>;
}

const BATCH_ENTRIES_MAX = 500;
/** Delay for entries that nobody waits for (those of proxied writes): their decision is in the log already. */
const COLLECT_MS = 20;
/** Finds what a lost wake-up or another process left behind. */
const POLL_MS = 250;

export const startOutboxRelay = (parts: OutboxRelayParts): OutboxRelay => {
  const { things, log, codec, logger, metrics, time } = parts;
  const topic = topicName(parts.namespace, 'things.original');
  const published = metrics.counter(
    'outbox_entries_published_total',
    'Entries of the outbox that were published',
  );
  let stopped = false;
  let woken = false;
  let wakeUp: () => void = () => undefined;
  let cancelCollecting: (() => void) | undefined;

  const publish = async (entries: readonly OutboxEntry[]): Promise<void> => {
    // All in one turn, so that they go out in order, in as few requests as possible.
    const appends = await Promise.allSettled(
      entries.map(({ partition, entry }) =>
        log.append(topic, {
          partition,
          key: String(entry.state?.id ?? entry.answer?.thingId ?? ''),
          value: codec.encode(entry),
          timestamp: time.now(),
        }),
      ),
    );
    const stored = storedPrefixes(entries, appends);
    if (stored.length > 0) await things.removeFromOutbox(stored);
    published.inc(stored.length);
    for (const append of appends) if (append.status === 'rejected') throw append.reason;
  };

  const nextWake = async (): Promise<void> => {
    if (woken || stopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = time.after(POLL_MS, resolve);
    wakeUp = resolve;
    await promise;
    cancel();
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      const count = await retryForever(
        'the outbox could not be published, trying again',
        { logger, time },
        () => stopped,
        async () => {
          const entries = await things.readOutbox(BATCH_ENTRIES_MAX);
          if (entries.length > 0) await publish(entries);
          return entries.length;
        },
        (error) => error instanceof StartError,
      );
      if (count === 0) await nextWake();
      else if (count !== undefined && count > 1) await time.sleep(BACKGROUND_LINGER_MS);
    }
  };

  const wake = (): void => {
    cancelCollecting?.();
    cancelCollecting = undefined;
    woken = true;
    wakeUp();
  };
  things.onOutbox((isUrgent) => {
    if (isUrgent) wake();
    else cancelCollecting ??= time.after(COLLECT_MS, wake);
  });
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const running = run().catch(fail);
  return {
    failed,
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
};

/** Of each partition the entries before the first whose append failed: what comes behind it is sent again, in order. */
const storedPrefixes = (
  entries: readonly OutboxEntry[],
  appends: readonly PromiseSettledResult<unknown>[],
): OutboxEntry[] => {
  const failed = new Set<number>();
  return entries.filter(({ partition }, index) => {
    if (appends[index]!.status === 'rejected') failed.add(partition);
    return !failed.has(partition);
  });
};
