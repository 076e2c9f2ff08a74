/**
 * Decides whether a fresh database may be bound to a log that has records: only if they prove that Original never took part.
 * Then the mirror reads from the outcomes all that a database would have had. Example: a write through Shiny before Original's
 * first start.
 */
import type { RecordCodec } from '../shared/records/record-codec.ts';
import type { Genesis, Outcome } from '../shared/domain/outcome.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import { readOutcomes } from '../shared/records/outcome-reader.ts';
import { readToEnds } from '../shared/log/read-to-ends.ts';
import { topicName } from '../shared/records/topics.ts';

/** No record for so long, though there should be more. */
const READ_STALL_MS = 30_000;

/** False when something of Original's would be missing. Rejects when that cannot be read. */
export const lacksNothing = async (
  log: EventLog,
  codec: RecordCodec,
  namespace: string,
  { master }: Genesis,
): Promise<boolean> => {
  const topic = topicName(namespace, 'things.outcomes');
  const feedEnds = await log.endOffsets(topicName(namespace, 'things.original'));
  if (feedEnds.some((end) => end > 0)) return false;
  let lacking = false;
  await readToEnds(log, {
    topic,
    ends: new Map((await log.endOffsets(topic)).entries()),
    stallMs: READ_STALL_MS,
    onRecords: async (_partition, records) => {
      const outcomes = await readOutcomes(codec, records);
      lacking ||= outcomes.some(({ outcome }) => needsOriginal(outcome, master));
      return lacking ? 'enough' : undefined;
    },
  });
  return !lacking;
};

const DECIDED_FROM_LOG: ReadonlySet<string> = new Set(['mark', 'enable']);

/** Without such an outcome, the master is still the first one (of the genesis). */
const needsOriginal = (outcome: Outcome, master: Genesis['master']): boolean => {
  switch (outcome.type) {
    case 'observed':
    case 'released':
    case 'refused':
    case 'switched':
      return true;
    case 'decided':
      return master === 'original' && !DECIDED_FROM_LOG.has(outcome.answer.commandType);
    case 'genesis':
    case 'skipped':
    case 'invalid':
      return false;
  }
};
