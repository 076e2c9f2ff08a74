/** The topics of a run, decoded, as the checker takes them. */
import { readRecords } from '../../shared/records/record-reader.ts';
import type { EvidenceRecord, EvidenceTopic, UnreadableEvidence } from '../checker/evidence.ts';
import type { ThingRecord } from '../../shared/records/record-codec.ts';
import type { Command } from '../../shared/domain/command.ts';
import type { OriginalEntry, Outcome } from '../../shared/domain/outcome.ts';
import { topicName, type TopicSuffix } from '../../shared/records/topics.ts';
import { NAMESPACE, type World } from './world.ts';

export interface DecodedLog {
  readonly commands: EvidenceRecord<Command | UnreadableEvidence>[];
  readonly outcomes: EvidenceRecord<Outcome>[];
  readonly original: EvidenceRecord<OriginalEntry | UnreadableEvidence>[];
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
    const decoded = await readRecords(world.codec, RUN_TOPICS[topic], records);
    return records.map(({ partition, offset, timestamp, value }, index) => ({
      topic: topic as EvidenceTopic,
      partition,
      offset,
      timestamp,
      record: decoded[index] as R,
      bytes: topic === 'outcomes' ? world.codec.chainBytes(value) : value,
    }));
  };
  return {
    commands: await read<Command | UnreadableEvidence>('commands'),
    outcomes: await read<Outcome>('outcomes'),
    original: await read<OriginalEntry | UnreadableEvidence>('original'),
    things: await read<ThingRecord>('things'),
  };
};
