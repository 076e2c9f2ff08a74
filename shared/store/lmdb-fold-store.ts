/**
 * The fold's state on disk (LMDB), with the offset up to which it is folded in the same transaction, written behind (write-behind.ts): a restart replays
 * the tail only. A store that is damaged, of another log or of an older layout is thrown away and built anew.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { StoredAnswer } from '../domain/answer.ts';
import {
  emptyHeader,
  FORMAT,
  type PartitionHeader,
  type PartitionState,
  type SetLike,
} from '../domain/partition-state.ts';
import type { Genesis } from '../domain/outcome.ts';
import type { SwitchResult } from '../domain/switch-result.ts';
import type { Thing } from '../domain/thing.ts';
import type { Logger } from '../process/logger.ts';
import type { Time } from '../process/time.ts';
import type { FoldStore, StoreKey, StoreTable } from './fold-store.ts';
import { claimFolder } from './folder-claim.ts';
import { looksWhole } from './lmdb-file.ts';
import { createWriteBehind, openTable, type BehindTable, type WriteBehind } from './write-behind.ts';

/** Raise it when what is stored changes its shape: an older store is then rebuilt. */
const LAYOUT = 3;
const DATABASES_MAX = 12;
const MAP_SIZE_BYTES = 64 * 1024 ** 3;

interface StoreMeta {
  readonly genesisId: string;
  readonly format: number;
  readonly layout: number;
}

interface PartitionAnswer {
  readonly partition: number;
  readonly answer: StoredAnswer;
}

interface Place {
  readonly header: PartitionHeader;
  readonly nextOffset: number;
}

/**
 * Opens or creates the store in `folder`. `ends` are the end offsets of the outcomes: a store that is further is not of
 * this log. Throws StartError when another process uses the folder.
 */
export const openFoldStore = async (
  folder: string,
  genesis: Genesis,
  ends: readonly number[],
  logger: Logger,
  time: Time,
): Promise<FoldStore> => {
  mkdirSync(folder, { recursive: true });
  const releaseFolder = claimFolder(folder);
  const file = join(folder, 'fold.lmdb');
  // Left behind by a process that died while it opened the store: then the store is what killed it.
  const suspicion = join(folder, 'opening');
  const meta: StoreMeta = { genesisId: genesis.id, format: FORMAT, layout: LAYOUT };
  const existed = existsSync(file);
  const isSound = existed && !existsSync(suspicion) && looksWhole(file);
  writeFileSync(suspicion, '');
  let root = isSound ? tryOpen(file, logger) : undefined;
  const reason = root === undefined ? 'damaged' : whyOutdated(root, meta, ends);
  if (existed && reason !== undefined) {
    logger.warn({ folder, reason }, 'the local store is thrown away and rebuilt from the log');
    await root?.close();
    rmSync(file, { force: true });
    rmSync(`${file}-lock`, { force: true });
    root = undefined;
  }
  root ??= openRoot(file);
  root.putSync('meta', meta);
  const store = foldStore(root, genesis, { logger, time }, releaseFolder);
  rmSync(suspicion);
  return store;
};

const foldStore = (
  root: RootDatabase,
  genesis: Genesis,
  { logger, time }: { readonly logger: Logger; readonly time: Time },
  releaseFolder: () => void,
): FoldStore => {
  const { partitions } = genesis;
  const behind = createWriteBehind(root, () => void root.remove('meta'), logger, time);
  const placeTable = behind.table<number, Place>('places');
  const thingTable = behind.table<number, Thing>('things');
  /** Of one command id, nearly always in one partition. */
  const answerTable = behind.table<string, readonly PartitionAnswer[]>('answers');
  const switchTable = behind.table<[string, number], SwitchResult>('switches');
  const lossyTable = behind.table<[number, number], true>('lossy');

  const places = Array.from(
    { length: partitions },
    (_, partition): Place => placeTable.get(partition) ?? { header: emptyHeader(partition), nextOffset: 0 },
  );
  /** As they were before the batch that changes them. */
  const changed = new Map<number, Place>();
  const change = (partition: number, part: Partial<Place>): void => {
    const place = places[partition]!;
    if (!changed.has(partition)) changed.set(partition, place);
    places[partition] = { ...place, ...part };
  };
  const answersOf = (commandId: string): readonly PartitionAnswer[] => answerTable.get(commandId) ?? [];
  const states = places.map((_, partition): PartitionState => ({
    get header() {
      return places[partition]!.header;
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
    nextOffset: (partition) => places[partition]!.nextOffset,
    setNextOffset: (partition, nextOffset) => change(partition, { nextOffset }),
    batch: (work) => {
      try {
        behind.batch(() => {
          work();
          for (const partition of changed.keys()) placeTable.set(partition, places[partition]!);
        });
      } catch (error) {
        for (const [partition, before] of changed) places[partition] = before;
        throw error;
      } finally {
        changed.clear();
      }
    },
    room: behind.room,
    thing: thingTable.get,
    *thingsAfter(after) {
      for (const { value } of thingTable.entries({ start: after, afterStart: true })) yield value;
    },
    answers: answersOf,
    table: (name) => storedTable(behind, name),
    close: async () => {
      try {
        await behind.flush();
      } finally {
        await root.close();
        releaseFolder();
      }
    },
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

const openRoot = (file: string): RootDatabase =>
  open({ path: file, maxDbs: DATABASES_MAX, mapSize: MAP_SIZE_BYTES, noMemInit: true });

const tryOpen = (file: string, logger: Logger): RootDatabase | undefined => {
  try {
    const root = openRoot(file);
    root.get('meta');
    return root;
  } catch (error) {
    logger.warn({ err: error, file }, 'the local store cannot be opened');
    return undefined;
  }
};

const whyOutdated = (
  root: RootDatabase,
  expected: StoreMeta,
  ends: readonly number[],
): string | undefined => {
  const found = root.get('meta') as StoreMeta | undefined;
  if (found === undefined) return 'incomplete';
  if (found.genesisId !== expected.genesisId) return `of the log with genesis ${found.genesisId}`;
  if (found.format !== expected.format || found.layout !== expected.layout) return 'of an older release';
  const places = openTable<Place, number>(root, 'places');
  const further = ends.findIndex((end, partition) => (places.get(partition)?.nextOffset ?? 0) > end);
  return further >= 0 ? `further than the log in partition ${further}` : undefined;
};
