import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { extentOf } from '../../test/log-extent.ts';
import { acceptedCreate, genesis } from '../../test/outcome-log.ts';
import { createRecordCodec, type RecordCodec } from '../records/record-codec.ts';
import { memorySchemaRegistry } from '../records/schema-registry.ts';
import { fold, linkAfter } from '../domain/fold.ts';
import { emptyState } from '../domain/partition-state.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { LogRecord } from '../log/event-log.ts';
import { systemTime } from '../process/time.ts';
import { silentLogger } from '../process/logger.ts';
import { openFoldStore } from './lmdb-fold-store.ts';
import { createOutcomeFollower } from './outcome-follower.ts';

let folder: string;
let codec: RecordCodec;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-follower-'));
  codec = await createRecordCodec(memorySchemaRegistry(), 'x');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A log of one partition: genesis, then `creates` decisions. */
const logOf = (creates: number): LogRecord[] => {
  const state = emptyState(1);
  const outcomes: Outcome[] = [];
  const add = (outcome: Outcome): void => {
    outcomes.push(outcome);
    fold(state, { outcome, bytes: codec.chainBytes(codec.encode(outcome)), timestamp: 0 });
  };
  add(genesis('shiny'));
  for (let index = 0; index < creates; index++) {
    add({
      type: 'decided',
      feature: null,
      ...linkAfter(state.header),
      epoch: 0,
      offset: index,
      ...acceptedCreate(`c${index}`, 1 + 4 * index),
    });
  }
  return outcomes.map((outcome, offset) => ({
    partition: 1,
    offset,
    key: '',
    value: codec.encode(outcome),
    timestamp: 0,
  }));
};

test('a rebuild says how far it is, and when it is done; a restart goes on behind what was folded', async () => {
  const records = logOf(99);
  const ends = [0, records.length, 0, 0];
  const said: Record<string, unknown>[] = [];
  const logger = pino(
    {},
    { write: (line: string) => void said.push(JSON.parse(line) as Record<string, unknown>) },
  );
  let now = 0;
  const open = () => openFoldStore(folder, genesis('shiny'), extentOf(ends), silentLogger(), systemTime);
  const follow = (store: Awaited<ReturnType<typeof open>>, folded: number[]) =>
    createOutcomeFollower({
      topic: 't',
      store,
      codec,
      ends,
      logger,
      time: { ...systemTime, monotonic: () => now },
      onFolded: (_partition, { offset }, counted) => {
        expect(counted).toBeDefined();
        folded.push(offset);
      },
    });

  const store = await open();
  const folded: number[] = [];
  const follower = follow(store, folded);
  expect([follower.behind(), follower.positions[1]]).toEqual([1, { topic: 't', partition: 1, offset: 0 }]);
  now = 5_000;
  await follower.onRecords(1, records.slice(0, 50), 50);
  expect(said).toMatchObject([
    { records: 50, of: 100, perSecond: 10, secondsLeft: 5, msg: 'the fold is catching up' },
  ]);
  // What comes again is not folded again.
  await follower.onRecords(1, records.slice(40, 60), 60);
  await store.close();

  const again = await open();
  const restarted = follow(again, folded);
  expect(restarted.positions[1]?.offset).toBe(60);
  await restarted.onRecords(1, records.slice(60), records.length);
  expect(restarted.behind()).toBe(0);
  expect(said.at(-1)).toMatchObject({ records: 40, msg: 'the fold has caught up with the log' });
  expect(folded).toEqual(records.map(({ offset }) => offset));
  await again.close();
});

test('an outcome that follows one which is not there is said, once until one counts again', async () => {
  const records = logOf(4);
  const said: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'warn' },
    { write: (line: string) => void said.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const ends = [0, 0, 0, 0];
  const store = await openFoldStore(folder, genesis('shiny'), extentOf(ends), silentLogger(), systemTime);
  const follower = createOutcomeFollower({
    topic: 't',
    store,
    codec,
    ends,
    logger,
    time: systemTime,
    onFolded: () => undefined,
  });
  // The second decision is lost, the two behind it are there.
  const [first, second, , ...behind] = records;
  const log = [first!, second!, ...behind].map((record, offset) => ({ ...record, offset }));
  await follower.onRecords(1, log, log.length);
  expect(said).toMatchObject([
    { partition: 1, offset: 2, type: 'decided', previous: 1, position: 0, level: 40 },
  ]);
  await store.close();
});
