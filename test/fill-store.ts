/**
 * A child process of store-disk.unit.test.ts: a service that folds so many decisions into the store in a folder, says where it
 * began, reads all Things, and ends.
 *
 *   fill-store.ts FOLDER COUNT
 */
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { extentOf } from './log-extent.ts';
import { acceptedCreate, genesis } from './outcome-log.ts';
import { createRecordCodec } from '../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../shared/records/schema-registry.ts';
import { fold, linkAfter } from '../shared/domain/fold.ts';
import type { Outcome } from '../shared/domain/outcome.ts';
import { emptyState } from '../shared/domain/partition-state.ts';
import type { LogRecord } from '../shared/log/event-log.ts';
import { runProcess } from '../shared/process/lifecycle.ts';
import { systemTime } from '../shared/process/time.ts';
import { openFoldStore } from '../shared/replica/lmdb-fold-store.ts';
import { createOutcomeFollower } from '../shared/replica/outcome-follower.ts';

const BATCH_RECORDS = 500;
const STOP_WAIT_MS = 5_000;
const PARTITION = 1;

const [folder, count] = process.argv.slice(2);
if (folder === undefined || count === undefined) throw new Error('fill-store.ts FOLDER COUNT');
const codec = await createRecordCodec(memorySchemaRegistry(), 'x');
const state = emptyState(PARTITION);
const records: LogRecord[] = [];
const add = (outcome: Outcome): void => {
  const value = codec.encode(outcome);
  fold(state, { outcome, bytes: codec.chainBytes(value), timestamp: 0 });
  records.push({ partition: PARTITION, offset: records.length, key: '', value, timestamp: 0 });
};
add(genesis('shiny'));
for (let offset = 0; offset < Number(count); offset++)
  add({
    type: 'decided',
    ...linkAfter(state.header),
    epoch: 0,
    offset,
    ...acceptedCreate(`c${offset}`, 1 + 4 * offset),
    feature: null,
  });
const ends = [0, records.length, 0, 0];
const logger = pino({}, pino.destination({ sync: true }));

await runProcess(logger, STOP_WAIT_MS, async (lifecycle) => {
  const store = await openFoldStore(folder, genesis('shiny'), extentOf(ends), logger, systemTime);
  lifecycle.onClose('local store', () => store.close());
  lifecycle.failWith('the local store', store.failed);
  const begun = store.nextOffset(PARTITION);
  const parts = { topic: 't', store, codec, ends, logger, time: systemTime, onFolded: () => undefined };
  const follower = createOutcomeFollower(parts);
  for (let from = begun; from < records.length; from += BATCH_RECORDS) {
    const batch = records.slice(from, from + BATCH_RECORDS);
    await follower.onRecords(PARTITION, batch, from + batch.length);
    // For the disk, which writes beside us.
    await systemTime.sleep(1);
  }
  const things = [...store.thingsAfter(0)].length;
  await store.close();
  writeSync(1, `${JSON.stringify({ begun, things })}\n`);
  process.exit(0);
});
