/**
 * Keeps Original's tables equal to the log: takes over what Shiny decides, states and answers, refused ones too (P2).
 *
 * It folds every outcome, but writes only while Shiny is master of the partition; in Original's time the tables are the truth.
 * Its checkpoint in the log moves in the same transaction as what it applies, by compare-and-set, so two mirrors or a paused
 * one do no harm: who comes second applies only what is left. Without anything to apply the checkpoint is written now
 * and then, to keep restarts short.
 *
 * When Shiny lets go of a partition (`released`), everything before it is applied and Original becomes the master in one
 * transaction (P8): nothing can be left behind.
 */
import type { RecordCodec } from '../shared/records/record-codec.ts';
import type { OutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import type { Decision } from '../shared/domain/answer.ts';
import { evolve } from '../shared/domain/fold.ts';
import type { PartitionHeader } from '../shared/domain/partition-state.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import { BACKGROUND_LINGER_MS } from '../shared/log/linger.ts';
import type { EventLog, OnRecords } from '../shared/log/event-log.ts';
import { readOutcomes, type ReadOutcome } from '../shared/records/outcome-reader.ts';
import { topicName } from '../shared/records/topics.ts';
import { checkDecided, checkKnown } from '../shared/records/feature-check.ts';
import { retryForever } from '../shared/process/retry-forever.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Metrics } from '../shared/process/metrics.ts';
import { createProgress, type Progress } from '../shared/process/progress.ts';
import type { Time } from '../shared/process/time.ts';
import { StartError } from '../shared/process/lifecycle.ts';
import type { ThingStore, Release, ThingVersion } from './store/thing-store.ts';

export interface MirrorParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly things: ThingStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly waiter: OutcomeWaiter;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  /** Features of this release, else for tests and the simulator. */
  readonly knownFeatures?: readonly string[] | undefined;
}

export interface Mirror {
  /** How far each partition is applied. */
  readonly progress: Progress;
  /** The fold's headers where it is, by partition. */
  headers(): readonly PartitionHeader[];
  /** Offset of the next outcome that the store has to apply, as far as we know, by partition. */
  stored(): readonly number[];
  /** The latest versions that it has read, and that the table must have; RECENT_THINGS_MAX per partition. */
  recent(): readonly ThingVersion[];
  /** Why the log cannot be read at present. */
  trouble(): string | undefined;
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Without anything to apply the checkpoint is written every so many records. */
const CHECKPOINT_EVERY_RECORDS = 2_000;
/** Things per partition whose version is held against the table now and then. */
const RECENT_THINGS_MAX = 500;

/** The database was set back: the mirror has to read again what it has applied already. */
export class StoreSetBackError extends Error {
  override readonly name = 'StoreSetBackError';

  constructor(partition: number, stored: number, known: number) {
    super(
      `the database has the mirror of partition ${partition} at outcome ${stored}, and it was at ${known}: the database was set back`,
    );
  }
}

interface Checkpoint {
  header: PartitionHeader;
  nextOffset: number;
  /** What the store says, as far as we know. */
  storedOffset: number;
  /** Version by Thing id, the latest last. */
  readonly recent: Map<number, number>;
}

/**
 * Starts reading where the store says. Throws StartError when a checkpoint belongs to another log, or is behind a feature of a
 * newer release.
 */
export const startMirror = async (parts: MirrorParts): Promise<Mirror> => {
  const { namespace, things, log, codec, waiter, logger, metrics, time } = parts;
  const topic = topicName(namespace, 'things.outcomes');
  const checkpoints = (await things.mirrorCheckpoints()).map(({ header, nextOffset }): Checkpoint => ({
    header,
    nextOffset,
    storedOffset: nextOffset,
    recent: new Map(),
  }));
  checkCheckpoints(checkpoints, parts.genesis, parts.knownFeatures);
  const progress = createProgress(
    checkpoints.map(({ nextOffset }) => nextOffset),
    time,
  );
  const applied = metrics.counter(
    'mirror_decisions_applied_total',
    'Decisions of Shiny applied to the tables',
  );
  let stopped = false;

  /** All or nothing; what another mirror has applied already is left out. */
  const apply = async (partition: number, checkpoint: Checkpoint, segment: Segment): Promise<void> => {
    const { header, nextOffset, released } = segment;
    while (checkpoint.storedOffset < nextOffset) {
      const left = segment.byShiny.filter(({ offset }) => offset >= checkpoint.storedOffset);
      if (
        await things.applyMirror(partition, checkpoint.storedOffset, { header, nextOffset }, left, released)
      ) {
        checkpoint.storedOffset = nextOffset;
        applied.inc(left.length);
        return;
      }
      const { nextOffset: stored } = (await things.mirrorCheckpoints())[partition]!;
      // The records in between were read already: only a restarted mirror reads them again.
      if (stored < checkpoint.storedOffset)
        throw new StoreSetBackError(partition, stored, checkpoint.storedOffset);
      checkpoint.storedOffset = stored;
    }
  };

  const take = async (partition: number, checkpoint: Checkpoint, segment: Segment): Promise<void> => {
    const { byShiny, released, nextOffset } = segment;
    if (
      byShiny.length > 0 ||
      released !== undefined ||
      nextOffset - checkpoint.storedOffset >= CHECKPOINT_EVERY_RECORDS
    ) {
      const sentence = 'the mirror could not apply what Shiny decided, trying again';
      await retryForever(
        sentence,
        { logger, time },
        () => stopped,
        () => apply(partition, checkpoint, segment),
        (error) => error instanceof StoreSetBackError,
      );
    }
    if (stopped) return;
    if (released !== undefined)
      logger.info({ partition, epoch: released.epoch }, 'the mirror has applied all that Shiny decided');
    progress.reached(partition, nextOffset);
    for (const { answer, state, commandOffset } of segment.decided)
      waiter.decided(partition, commandOffset, { answer, state });
  };

  const onRecords: OnRecords = async (_topic, partition, records, next) => {
    const checkpoint = checkpoints[partition]!;
    const unread = (await readOutcomes(codec, records)).filter(
      ({ offset }) => offset >= checkpoint.nextOffset,
    );
    for (const segment of segmentsOf(checkpoint.header, unread, parts.knownFeatures)) {
      checkpoint.header = segment.header;
      checkpoint.nextOffset = segment.nextOffset;
      await take(partition, checkpoint, segment);
      for (const made of segment.states) remember(checkpoint.recent, made);
      if (stopped) return;
    }
    checkpoint.nextOffset = Math.max(checkpoint.nextOffset, next);
    progress.reached(partition, next);
  };

  const positions = checkpoints.map(({ nextOffset }, partition) => ({
    topic,
    partition,
    offset: nextOffset,
  }));
  const tail = await log.tail(positions, onRecords, () => BACKGROUND_LINGER_MS);
  return {
    progress,
    trouble: () => tail.trouble?.(),
    stored: () => checkpoints.map(({ storedOffset }) => storedOffset),
    recent: () => checkpoints.flatMap(({ recent }) => [...recent].map(([id, version]) => ({ id, version }))),
    headers: () => checkpoints.map(({ header }) => header),
    failed: tail.failed,
    stop: async () => {
      stopped = true;
      await tail.stop();
    },
  };
};

/**
 * Records that are applied in one transaction. A counted `released` ends one: what lies before it belongs to Shiny, what
 * comes after it may be Original's.
 */
interface Segment {
  readonly header: PartitionHeader;
  readonly nextOffset: number;
  readonly decided: readonly MirroredDecision[];
  readonly byShiny: readonly MirroredDecision[];
  readonly released: Release | undefined;
  /** That counted, whoever made them. */
  readonly states: readonly ThingVersion[];
}

const remember = (recent: Map<number, number>, { id, version }: ThingVersion): void => {
  const known = recent.get(id) ?? -1;
  recent.delete(id);
  recent.set(id, Math.max(known, version));
  if (recent.size > RECENT_THINGS_MAX) recent.delete(recent.keys().next().value!);
};

type MirroredDecision = Decision & { readonly offset: number; readonly commandOffset: number };

/** Throws StartError at a feature that this release does not know, so that no later record is applied in part. */
const segmentsOf = (
  start: PartitionHeader,
  records: readonly ReadOutcome[],
  knownFeatures: readonly string[] | undefined,
): Segment[] => {
  const segments: Segment[] = [];
  let header = start;
  let decided: MirroredDecision[] = [];
  let byShiny: MirroredDecision[] = [];
  let states: ThingVersion[] = [];
  for (const [index, record] of records.entries()) {
    const { master } = header;
    const counted = evolve(header, record);
    if (counted !== undefined) {
      header = counted.header;
      if (counted.state !== null) states.push(counted.state);
      const decision = decisionOf(record);
      checkDecided(record.outcome, header.partition, record.offset, knownFeatures);
      if (decision !== undefined) {
        const mirrored = { ...decision, offset: record.offset };
        decided.push(mirrored);
        if (master === 'shiny') byShiny.push(mirrored);
      }
    }
    const isReleased = counted !== undefined && record.outcome.type === 'released';
    if (!isReleased && index < records.length - 1) continue;
    const released = isReleased ? { epoch: record.outcome.epoch, idFloor: header.idFloor } : undefined;
    segments.push({ header, nextOffset: record.offset + 1, decided, byShiny, released, states });
    [decided, byShiny, states] = [[], [], []];
  }
  return segments;
};

const decisionOf = ({ outcome }: ReadOutcome): (Decision & { commandOffset: number }) | undefined =>
  outcome.type === 'decided'
    ? { answer: outcome.answer, state: outcome.state, commandOffset: outcome.offset }
    : undefined;

const checkCheckpoints = (
  checkpoints: readonly Checkpoint[],
  genesis: Genesis,
  knownFeatures: readonly string[] | undefined,
): void => {
  for (const { header, nextOffset } of checkpoints) {
    const where = `outcomes/${header.partition} before offset ${nextOffset}`;
    checkKnown(header.features, where, knownFeatures);
    if (header.genesis !== null && header.genesis.id !== genesis.id) {
      throw new StartError(
        `the mirror in the database belongs to genesis ${header.genesis.id}, not ${genesis.id}`,
      );
    }
  }
};
