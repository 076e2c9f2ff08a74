/**
 * The fold's state on disk (LMDB), with the offset up to which it is folded in the same transaction: a restart replays
 * the tail only. A store that is damaged, of another log or of an older layout is thrown away and built anew.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RangeOptions, type RootDatabase } from 'lmdb';
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
import type { FoldStore, StoreKey, StoreTable } from './fold-store.ts';
import { claimFolder } from './folder-claim.ts';
import { looksWhole } from './lmdb-file.ts';

/** Raise it when what is stored changes its shape: an older store is then rebuilt. */
const LAYOUT = 2;
const DATABASES_MAX = 12;
const MAP_SIZE_BYTES = 64 * 1024 ** 3;

interface StoreMeta {
  readonly genesisId: string;
  readonly format: number;
  readonly layout: number;
}

interface Place {
  header: PartitionHeader;
  nextOffset: number;
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
  const store = foldStore(root, genesis, releaseFolder);
  rmSync(suspicion);
  return store;
};

const foldStore = (root: RootDatabase, genesis: Genesis, releaseFolder: () => void): FoldStore => {
  const { partitions } = genesis;
  const placeTable = root.openDB<Place, number>('places', {});
  const thingTable = root.openDB<Thing, number>('things', {});
  const answerTable = root.openDB<StoredAnswer, [string, number]>('answers', {});
  const switchTable = root.openDB<SwitchResult, [string, number]>('switches', {});
  const loadPlace = (partition: number): Place =>
    placeTable.get(partition) ?? { header: emptyHeader(partition), nextOffset: 0 };

  const places = Array.from({ length: partitions }, (_, partition) => loadPlace(partition));
  const changed = new Set<number>();
  const states = places.map((place, partition): PartitionState => ({
    get header() {
      return place.header;
    },
    set header(header) {
      place.header = header;
      changed.add(partition);
    },
    things: { get: (id) => thingTable.get(id), set: (id, thing) => thingTable.putSync(id, thing) },
    answers: {
      get: (commandId) => answerTable.get([commandId, partition]),
      set: (commandId, answer) => answerTable.putSync([commandId, partition], answer),
    },
    lossy: storedSet(root, partition),
    switches: {
      get: (commandId) => switchTable.get([commandId, partition]),
      set: (commandId, result) => switchTable.putSync([commandId, partition], result),
    },
  }));

  return {
    state: (partition) => states[partition]!,
    nextOffset: (partition) => places[partition]!.nextOffset,
    setNextOffset: (partition, next) => {
      places[partition]!.nextOffset = next;
      changed.add(partition);
    },
    batch: (work) => {
      try {
        root.transactionSync(() => {
          work();
          for (const partition of changed) placeTable.putSync(partition, places[partition]!);
        });
      } catch (error) {
        for (const partition of changed) Object.assign(places[partition]!, loadPlace(partition));
        throw error;
      } finally {
        changed.clear();
      }
    },
    thing: (id) => thingTable.get(id),
    *thingsAfter(after) {
      for (const { value } of thingTable.getRange({ start: after + 1 })) yield value;
    },
    *answers(commandId) {
      const range = answerTable.getRange({ start: [commandId, 0], end: [commandId, partitions] });
      for (const { key, value } of range) yield { partition: key[1], answer: value };
    },
    table: (name) => storedTable(root, name),
    close: async () => {
      await root.close();
      releaseFolder();
    },
  };
};

/** Ids of one partition. */
const storedSet = (root: RootDatabase, partition: number): SetLike<number> => {
  const table = root.openDB<true, [number, number]>('lossy', {});
  // A fresh one each time: lmdb writes into it.
  const range = (): RangeOptions => ({ start: [partition, 0], end: [partition + 1, 0] });
  return {
    add: (id) => table.putSync([partition, id], true),
    delete: (id) => table.removeSync([partition, id]),
    get size() {
      return table.getCount(range());
    },
    *[Symbol.iterator]() {
      for (const [, id] of table.getKeys(range())) yield id;
    },
  };
};

const storedTable = <K extends StoreKey, V>(root: RootDatabase, name: string): StoreTable<K, V> => {
  const table = root.openDB<V, K>(name, {});
  return {
    get: (key) => table.get(key),
    set: (key, value) => table.putSync(key, value),
    range: ({ after, reverse = false, limit }) =>
      table.getRange({
        reverse,
        limit,
        ...(after === undefined ? {} : { start: after, exclusiveStart: true }),
      }),
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
  const places = root.openDB<Place, number>('places', {});
  const further = ends.findIndex((end, partition) => (places.get(partition)?.nextOffset ?? 0) > end);
  return further >= 0 ? `further than the log in partition ${further}` : undefined;
};
