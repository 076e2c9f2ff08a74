/**
 * A child process of store-damage.unit.test.ts: opens the store in a folder, as a service does, follows a log of the same
 * content each time, and reads everything. Prints one line of JSON. LMDB may end it at any moment, so it is a process.
 *
 *   store-damage.ts FOLDER [kill]     with `kill` it ends without closing the store
 */
import { createHash } from 'node:crypto';
import { genesis, acceptedCreate } from './outcome-log.ts';
import { extentOf } from './log-extent.ts';
import { createRecordCodec, type RecordCodec } from '../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../shared/records/schema-registry.ts';
import { accepted } from '../shared/domain/answer.ts';
import { fold, linkAfter } from '../shared/domain/fold.ts';
import { emptyState } from '../shared/domain/partition-state.ts';
import type { Outcome } from '../shared/domain/outcome.ts';
import type { LogRecord } from '../shared/log/event-log.ts';
import { silentLogger } from '../shared/process/logger.ts';
import { systemTime } from '../shared/process/time.ts';
import { openFoldStore } from '../shared/replica/lmdb-fold-store.ts';
import { createOutcomeFollower } from '../shared/replica/outcome-follower.ts';
import { thing, update } from './outcome-log.ts';

const CREATES = 120;
const BATCH_RECORDS = 20;

/** Genesis, then creates, then an update of every third Thing: older pages with as many entries are left in the file. */
const logOfPartition = (codec: RecordCodec): LogRecord[] => {
  const state = emptyState(1);
  const outcomes: Outcome[] = [];
  const add = (outcome: Outcome): void => {
    outcomes.push(outcome);
    fold(state, { outcome, bytes: codec.chainBytes(codec.encode(outcome)), timestamp: 0 });
  };
  const decided = (decision: ReturnType<typeof acceptedCreate>): void =>
    add({
      type: 'decided',
      feature: null,
      ...linkAfter(state.header),
      epoch: 0,
      offset: state.header.position + 1,
      ...decision,
    });
  add(genesis('shiny'));
  for (let index = 0; index < CREATES; index++) decided(acceptedCreate(`c${index}`, 1 + 4 * index));
  for (let index = 0; index < CREATES; index += 3) {
    const id = 1 + 4 * index;
    decided(accepted(update(`u${index}`, id, 0), thing(id, 1)));
  }
  return outcomes.map((outcome, offset) => ({
    partition: 1,
    offset,
    key: '',
    value: codec.encode(outcome),
    timestamp: 0,
  }));
};

const [folder, mode] = process.argv.slice(2);
if (folder === undefined) throw new Error('store-damage.ts FOLDER [kill]');
const codec = await createRecordCodec(memorySchemaRegistry(), 'x');
const records = logOfPartition(codec);
const ends = [0, records.length, 0, 0];
const store = await openFoldStore(folder, genesis('shiny'), extentOf(ends), silentLogger(), systemTime);
const begun = store.nextOffset(1);
const parts = {
  topic: 't',
  store,
  codec,
  ends,
  logger: silentLogger(),
  time: systemTime,
  onFolded: () => undefined,
};
const follower = createOutcomeFollower(parts);
for (let from = begun; from < records.length; from += BATCH_RECORDS) {
  const batch = records.slice(from, from + BATCH_RECORDS);
  await follower.onRecords(1, batch, from + batch.length);
  // As many transactions as batches.
  await systemTime.sleep(60);
}
const all = [...store.thingsAfter(0)];
const singles = all.map(({ id }) => store.thing(id));
const answers = Array.from({ length: CREATES }, (_, index) => [
  [...store.answers(`c${index}`)],
  [...store.answers(`u${index}`)],
]);
const digest = createHash('sha256')
  .update(JSON.stringify([all, singles, answers, store.state(1).header]))
  .digest('hex');
if (mode === 'kill') {
  process.stdout.write(`${JSON.stringify({ begun, digest })}\n`);
  await systemTime.sleep(20);
  process.kill(process.pid, 'SIGKILL');
}
await store.close();
process.stdout.write(`${JSON.stringify({ begun, digest })}\n`);
