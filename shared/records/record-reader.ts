/**
 * Records of one topic, decoded, with the policy of that topic for what cannot be read (docs/protocol.md, P17):
 *
 *   commands, original   handed on as unreadable: the fold passes it over, the same for everybody
 *   outcomes             stops, with topic, partition and offset: nothing behind it can be judged
 *   things               handed on as unreadable: counted, and gone on
 */
import type { LogRecord } from '../log/event-log.ts';
import type { TopicSuffix } from './topics.ts';
import {
  UnknownIdError,
  UnknownRecordError,
  type PlaygroundRecord,
  type RecordCodec,
  type UnreadableRecord,
} from './record-codec.ts';
import { RECORDS_OF_TOPIC } from './record-schemas.ts';

/** In the order of `records`. A record of ours that belongs to another topic is unreadable too. Throws UnknownRecordError. */
export const readRecords = async <R extends PlaygroundRecord>(
  codec: RecordCodec,
  suffix: TopicSuffix,
  records: readonly LogRecord[],
): Promise<(R | UnreadableRecord)[]> => {
  const decoded = await decodeAll(codec, suffix, records);
  return decoded.map((record) =>
    record.type === 'unreadable' || record.type in RECORDS_OF_TOPIC[suffix]
      ? (record as R | UnreadableRecord)
      : { type: 'unreadable', reason: `a ${record.type} is no record of this topic` },
  );
};

/** The same, where everything must be readable. Throws UnknownRecordError that says where the record lies. */
export const readRecordsStrictly = async <R extends PlaygroundRecord>(
  codec: RecordCodec,
  suffix: TopicSuffix,
  records: readonly LogRecord[],
): Promise<R[]> => {
  const read = await readRecords<R>(codec, suffix, records);
  return read.map((record, index) => {
    if (record.type !== 'unreadable') return record;
    throw new UnknownRecordError(
      `${placeOf(suffix, records[index]!)} cannot be read: ${record.reason}. ` +
        'Nothing behind it can be judged; if the registry is the right one, restore the topic from a copy',
    );
  });
};

const decodeAll = async (codec: RecordCodec, suffix: TopicSuffix, records: readonly LogRecord[]) => {
  try {
    return await codec.decode(records.map(({ value }) => value));
  } catch (error) {
    if (records[0] === undefined) throw error;
    const place = `${placeOf(suffix, records[0])} or behind it`;
    if (error instanceof UnknownRecordError)
      throw new UnknownRecordError(`${place}: ${error.message}`, { cause: error });
    if (error instanceof UnknownIdError)
      throw new UnknownIdError(`${place}: ${error.message}`, { cause: error });
    throw error;
  }
};

const placeOf = (suffix: TopicSuffix, { partition, offset }: LogRecord): string =>
  `the record at ${suffix}/${partition} offset ${offset}`;
