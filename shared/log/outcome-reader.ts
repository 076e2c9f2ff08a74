/** Outcome records as the fold takes them. */
import type { RecordCodec } from '../codec/record-codec.ts';
import type { Outcome, OutcomeRecord } from '../domain/outcome.ts';
import type { LogRecord } from './event-log.ts';

export type ReadOutcome = OutcomeRecord & { readonly offset: number };

/** Throws UnknownRecordError. */
export const readOutcomes = async (
  codec: RecordCodec,
  records: readonly LogRecord[],
): Promise<ReadOutcome[]> => {
  const outcomes = (await codec.decode(records.map(({ value }) => value))) as Outcome[];
  return outcomes.map((outcome, index) => {
    const { value, timestamp, offset } = records[index]!;
    return { outcome, bytes: value, timestamp, offset };
  });
};
