/**
 * Keeps Original's tables equal to the log: takes over what Shiny decides, states and answers, refused ones too (P2).
 *
 * It folds every outcome, but writes only while Shiny owns the partition; in Original's time the tables are the truth.
 * Its place in the log moves in the same transaction as what it applies, by compare-and-set, so two mirrors or a paused
 * one do no harm: who comes second applies only what is left. Without anything to apply the place is written now
 * and then, to keep restarts short.
 */
import type { RecordCodec } from '../shared/codec/record-codec.ts';
import type { OutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import type { Decision } from '../shared/domain/answer.ts';
import { evolve, type PartitionHeader } from '../shared/domain/fold.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import type { EventLog, LogRecord } from '../shared/log/event-log.ts';
import { readOutcomes, type ReadOutcome } from '../shared/log/outcome-reader.ts';
import { topicName } from '../shared/log/topics.ts';
import { untilDone } from '../shared/process/back-off.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Metrics } from '../shared/process/metrics.ts';
import { createProgress, type Progress } from '../shared/process/progress.ts';
import { StartError } from '../shared/process/lifecycle.ts';
import type { OriginalThings } from './original-things.ts';

export interface MirrorParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly things: OriginalThings;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly waiter: OutcomeWaiter;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Mirror {
  /** How far each partition is applied. */
  readonly progress: Progress;
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Without anything to apply the place is written every so many records. */
const PLACE_EVERY_RECORDS = 2_000;

interface Place {
  header: PartitionHeader;
  nextOffset: number;
  /** What the store says, as far as we know. */
  storedOffset: number;
}

/** Starts reading where the store says. Throws StartError when a place belongs to another log. */
export const startMirror = async (parts: MirrorParts): Promise<Mirror> => {
  const { namespace, things, log, codec, waiter, logger, metrics } = parts;
  const topic = topicName(namespace, 'things.outcomes');
  const places = (await things.mirrorPlaces()).map(({ header, nextOffset }): Place => ({
    header,
    nextOffset,
    storedOffset: nextOffset,
  }));
  checkPlaces(places, parts.genesis);
  const progress = createProgress(places.map(({ nextOffset }) => nextOffset));
  const applied = metrics.counter(
    'mirror_decisions_applied_total',
    'Decisions of Shiny applied to the tables',
  );
  let stopped = false;

  const apply = async (
    partition: number,
    place: Place,
    decisions: readonly (Decision & { offset: number })[],
  ) => {
    for (;;) {
      const left = decisions.filter(({ offset }) => offset >= place.storedOffset);
      const { header, nextOffset } = place;
      if (place.storedOffset >= nextOffset) return;
      if (await things.applyMirror(partition, place.storedOffset, { header, nextOffset }, left)) {
        place.storedOffset = nextOffset;
        applied.inc(left.length);
        return;
      }
      place.storedOffset = (await things.mirrorPlaces())[partition]!.nextOffset;
    }
  };

  const onRecords = async (_topic: string, partition: number, records: LogRecord[]): Promise<void> => {
    const place = places[partition]!;
    const decided: (Decision & { offset: number; commandOffset: number; byShiny: boolean })[] = [];
    for (const record of await readOutcomes(codec, records)) {
      if (record.offset < place.nextOffset) continue;
      const owner = place.header.owner;
      const counted = evolve(place.header, record);
      place.nextOffset = record.offset + 1;
      if (counted === undefined) continue;
      place.header = counted.header;
      const decision = decisionOf(record);
      if (decision !== undefined)
        decided.push({ ...decision, offset: record.offset, byShiny: owner === 'shiny' });
    }
    const byShiny = decided.filter((decision) => decision.byShiny);
    if (byShiny.length > 0 || place.nextOffset - place.storedOffset >= PLACE_EVERY_RECORDS) {
      const sentence = 'the mirror could not apply what Shiny decided, trying again';
      await untilDone(
        sentence,
        logger,
        () => stopped,
        () => apply(partition, place, byShiny),
      );
      if (stopped) return;
    }
    progress.reached(partition, place.nextOffset);
    for (const { answer, state, commandOffset } of decided)
      waiter.decided(partition, commandOffset, { answer, state });
  };

  const positions = places.map(({ nextOffset }, partition) => ({ topic, partition, offset: nextOffset }));
  const tail = await log.tail(positions, onRecords);
  return {
    progress,
    failed: tail.failed,
    stop: async () => {
      stopped = true;
      await tail.stop();
    },
  };
};

const decisionOf = ({ outcome }: ReadOutcome): (Decision & { commandOffset: number }) | undefined =>
  outcome.type === 'decided'
    ? { answer: outcome.answer, state: outcome.state, commandOffset: outcome.offset }
    : undefined;

const checkPlaces = (places: readonly Place[], genesis: Genesis): void => {
  for (const { header } of places) {
    if (header.genesis !== null && header.genesis.id !== genesis.id) {
      throw new StartError(
        `the mirror in the database belongs to genesis ${header.genesis.id}, not ${genesis.id}`,
      );
    }
  }
};
