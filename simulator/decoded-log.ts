/** The topics of a run, decoded, as the checker takes them. */
import type { EvidenceRecord, EvidenceTopic } from '../checker/evidence.ts';
import type { ThingRecord } from '../shared/codec/record-codec.ts';
import type { Command } from '../shared/domain/command.ts';
import type { OriginalEntry, Outcome } from '../shared/domain/outcome.ts';
import { topicName, type TopicSuffix } from '../shared/log/topics.ts';
import { NAMESPACE, type World } from './world.ts';

export interface DecodedLog {
  readonly commands: EvidenceRecord<Command>[];
  readonly outcomes: EvidenceRecord<Outcome>[];
  readonly original: EvidenceRecord<OriginalEntry>[];
  readonly things: EvidenceRecord<ThingRecord>[];
}

export const RUN_TOPICS = {
  commands: 'things.commands',
  outcomes: 'things.outcomes',
  original: 'things.original',
  things: 'things',
} as const satisfies Record<keyof DecodedLog, TopicSuffix>;

export const decodeLog = async (world: World): Promise<DecodedLog> => {
  const read = async <R>(topic: keyof DecodedLog): Promise<EvidenceRecord<R>[]> => {
    const records = world.records(topicName(NAMESPACE, RUN_TOPICS[topic]));
    const decoded = await world.codec.decode(records.map(({ value }) => value));
    return records.map(({ partition, offset, timestamp, value }, index) => ({
      topic: topic as EvidenceTopic,
      partition,
      offset,
      timestamp,
      record: decoded[index] as R,
      bytes: world.codec.chainBytes(value),
    }));
  };
  return {
    commands: await read<Command>('commands'),
    outcomes: await read<Outcome>('outcomes'),
    original: await read<OriginalEntry>('original'),
    things: await read<ThingRecord>('things'),
  };
};
