/**
 * May a fresh database be bound to a log that has records? If they prove that Original was never in it: then what a database
 * would have had, the mirror reads from the outcomes. A write through Shiny before Original's first start is such a log.
 */
import type { RecordCodec } from '../shared/codec/record-codec.ts';
import type { Genesis, Outcome } from '../shared/domain/outcome.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import { readOutcomes } from '../shared/log/outcome-reader.ts';
import { topicName } from '../shared/log/topics.ts';

/** The mirror will read the same records: who has more of them has a database, and not a fresh one. */
const PROOF_MAX_MS = 60_000;

/** False when something of Original's would be missing, or when that is not known within PROOF_MAX_MS. */
export const lacksNothing = async (
  log: EventLog,
  codec: RecordCodec,
  namespace: string,
  { master }: Genesis,
): Promise<boolean> => {
  const topic = topicName(namespace, 'things.outcomes');
  const feedEnds = await log.endOffsets(topicName(namespace, 'things.original'));
  if (feedEnds.some((end) => end > 0)) return false;
  const ends = await log.endOffsets(topic);
  const unread = new Set(ends.keys());
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), PROOF_MAX_MS);
  const read = (partition: number, next: number): void => {
    if (next >= ends[partition]!) unread.delete(partition);
    if (unread.size === 0) resolve(true);
  };
  const positions = [...ends.keys()].map((partition) => ({ topic, partition, offset: 0 }));
  const tail = await log.tail(positions, async (_topic, partition, records, next) => {
    const outcomes = await readOutcomes(codec, records);
    if (outcomes.some(({ outcome }) => needsOriginal(outcome, master))) resolve(false);
    read(partition, next);
  });
  tail.failed.catch(reject);
  for (const [partition, end] of ends.entries()) if (end === 0) read(partition, 0);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await tail.stop();
  }
};

const DECIDED_FROM_LOG: ReadonlySet<string> = new Set(['mark', 'enable']);

/** As long as there is none of these, the first master is the master. */
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
