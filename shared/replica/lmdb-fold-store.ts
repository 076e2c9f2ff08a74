/**
 * The fold's state on disk (LMDB), with the offset up to which it is folded in the same transaction, written behind
 * (write-behind.ts): a restart replays the tail only. A store that is damaged, of another log or of an older layout is thrown away
 * and built anew.
 */
import { mkdirSync } from 'node:fs';
import type { StoredAnswer } from '../domain/answer.ts';
import { emptyHeader, type PartitionState, type SetLike } from '../domain/partition-state.ts';
import type { Genesis } from '../domain/outcome.ts';
import type { SwitchResult } from '../domain/switch-result.ts';
import type { Thing } from '../domain/thing.ts';
import type { LogExtent } from './log-extent.ts';
import { onDisk } from '../process/disk-fault.ts';
import type { Logger } from '../process/logger.ts';
import type { Time } from '../process/time.ts';
import { settledWithin } from '../process/timeout.ts';
import type { BehindTable } from './behind-table.ts';
import type { FoldStore, StoreKey, StoreTable } from './fold-store.ts';
import { claimFolder } from './folder-claim.ts';
import { openMarks } from './open-marks.ts';
import { storeDiskFault } from './store-disk-fault.ts';
import { openStoreFile, type Checkpoint, type StoreFile } from './store-file.ts';
import { createWriteBehind, type Spoilers, type WriteBehind } from './write-behind.ts';

/** LMDB never closes behind a commit that the disk refused. */
const CLOSE_WAIT_MS = 1_000;

interface PartitionAnswer {
  readonly partition: number;
  readonly answer: StoredAnswer;
}

export interface LmdbFoldStore extends FoldStore {
  /** Rejects with StoreDamagedError, or when the disk does not take what is folded: nothing may be served any more. */
  readonly failed: Promise<never>;
}

/**
 * Opens or creates the store in `folder`, of the log that `log` describes. Throws StartError when another process uses the
 * folder, or the disk refuses.
 */
export const openFoldStore = async (
  folder: string,
  genesis: Genesis,
  log: LogExtent,
  logger: Logger,
  time: Time,
): Promise<LmdbFoldStore> => {
  onDisk(folder, () => mkdirSync(folder, { recursive: true }));
  const release = await claimFolder(folder);
  const marks = openMarks(folder, time);
  try {
    const file = await openStoreFile({ folder, genesis, log, marks, logger });
    const spoilers: Spoilers = {
      halfWritten: () => void file.root.remove('meta'),
      damaged: marks.damaged,
      refused: (cause) => (storeDiskFault(folder, cause) as Error).message,
    };
    return foldStore(file, genesis, spoilers, { logger, time }, () => {
      marks.closed();
      release();
    });
  } catch (error) {
    // While the folder is still ours.
    marks.notOpened();
    release();
    throw storeDiskFault(folder, error);
  }
};

const foldStore = (
  { root, known }: StoreFile,
  genesis: Genesis,
  spoilers: Spoilers,
  { logger, time }: { readonly logger: Logger; readonly time: Time },
  closed: () => void,
): LmdbFoldStore => {
  const { partitions } = genesis;
  const behind = createWriteBehind(root, known, spoilers, logger, time);
  const checkpointTable = behind.table<number, Checkpoint>('checkpoints');
  const thingTable = behind.table<number, Thing>('things');
  /** Of one command id, nearly always in one partition. */
  const answerTable = behind.table<string, readonly PartitionAnswer[]>('answers');
  const switchTable = behind.table<[string, number], SwitchResult>('switches');
  const lossyTable = behind.table<[number, number], true>('lossy');

  const checkpoints = Array.from(
    { length: partitions },
    (_, partition): Checkpoint =>
      checkpointTable.get(partition) ?? { header: emptyHeader(partition), nextOffset: 0 },
  );
  /** As they were before the batch that changes them. */
  const changed = new Map<number, Checkpoint>();
  const change = (partition: number, part: Partial<Checkpoint>): void => {
    const checkpoint = checkpoints[partition]!;
    if (!changed.has(partition)) changed.set(partition, checkpoint);
    checkpoints[partition] = { ...checkpoint, ...part };
  };
  const answersOf = (commandId: string): readonly PartitionAnswer[] => answerTable.get(commandId) ?? [];
  const states = checkpoints.map((_, partition): PartitionState => ({
    get header() {
      return checkpoints[partition]!.header;
    },
    set header(header) {
      change(partition, { header });
    },
    things: thingTable,
    answers: {
      get: (commandId) => answersOf(commandId).find((found) => found.partition === partition)?.answer,
      set: (commandId, answer) => {
        const others = answersOf(commandId).filter((found) => found.partition !== partition);
        answerTable.set(commandId, [...others, { partition, answer }]);
      },
    },
    lossy: storedSet(lossyTable, partition),
    switches: {
      get: (commandId) => switchTable.get([commandId, partition]),
      set: (commandId, result) => switchTable.set([commandId, partition], result),
    },
  }));

  return {
    state: (partition) => states[partition]!,
    nextOffset: (partition) => checkpoints[partition]!.nextOffset,
    setNextOffset: (partition, nextOffset) => change(partition, { nextOffset }),
    batch: (work) => {
      try {
        behind.batch(() => {
          work();
          for (const partition of changed.keys()) checkpointTable.set(partition, checkpoints[partition]!);
        });
      } catch (error) {
        for (const [partition, before] of changed) checkpoints[partition] = before;
        throw error;
      } finally {
        changed.clear();
      }
    },
    drained: behind.drained,
    thing: thingTable.get,
    *thingsAfter(after) {
      const there = thingTable.size();
      let found = 0;
      for (const { value } of thingTable.entries({ start: after, afterStart: true })) {
        found++;
        yield value;
      }
      if (after === 0 && found < there) behind.damaged(`the table things, ${found} entries of ${there}`);
    },
    answers: answersOf,
    table: (name) => storedTable(behind, name),
    close: async () => {
      try {
        await behind.flush();
      } finally {
        await settledWithin(root.close(), CLOSE_WAIT_MS);
        closed();
      }
    },
    failed: behind.failed,
  };
};

/** Ids of one partition. */
const storedSet = (table: BehindTable<[number, number], true>, partition: number): SetLike<number> => {
  const all = () => table.entries({ start: [partition, 0], end: [partition + 1, 0] });
  return {
    add: (id) => table.set([partition, id], true),
    delete: (id) => table.delete([partition, id]),
    get size() {
      return [...all()].length;
    },
    *[Symbol.iterator]() {
      for (const { key } of all()) yield key[1];
    },
  };
};

const storedTable = <K extends StoreKey, V>(behind: WriteBehind, name: string): StoreTable<K, V> => {
  const table = behind.table<K, V>(name);
  return {
    get: table.get,
    set: table.set,
    *range({ after, reverse = false, limit }) {
      let left = limit;
      if (left === 0) return;
      for (const entry of table.entries({
        reverse,
        ...(after === undefined ? {} : { start: after, afterStart: true }),
      })) {
        yield entry;
        if (--left === 0) return;
      }
    },
  };
};
