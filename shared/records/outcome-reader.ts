/** Outcome records as the fold takes them. */
import type { RecordCodec } from './record-codec.ts';
import { readRecordsStrictly } from './record-reader.ts';
import type { Outcome, OutcomeRecord } from '../domain/outcome.ts';
import type { LogRecord } from '../log/event-log.ts';

export type ReadOutcome = OutcomeRecord & { readonly offset: number };

/** Throws UnknownRecordError. */
export const readOutcomes = async (
  codec: RecordCodec,
  records: readonly LogRecord[],
): Promise<ReadOutcome[]> => {
  const outcomes = await readRecordsStrictly<Outcome>(codec, 'things.outcomes', records);
  return outcomes.map((outcome, index) => {
    const { value, timestamp, offset } = records[index]!;
    return { outcome, bytes: codec.chainBytes(value), timestamp, offset };
  });
};
