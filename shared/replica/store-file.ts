/** Opens the file of a store, or throws it away and begins a new one: when it is damaged, of another log, or of another layout. */
import { hash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { schemasFingerprint } from '../records/record-schemas.ts';
import { FORMAT, type PartitionHeader } from '../domain/partition-state.ts';
import type { Genesis } from '../domain/outcome.ts';
import type { TopicDescription } from '../log/event-log.ts';
import type { LogExtent } from './log-extent.ts';
import type { Logger } from '../process/logger.ts';
import { openTable } from './behind-table.ts';
import { valueCodec } from './checked-values.ts';
import { COMMAND_CHECKPOINTS, type StoreKey } from './fold-store.ts';
import type { KnownKeys } from './known-keys.ts';
import { looksWhole } from './lmdb-file.ts';
import type { OpenMarks } from './open-marks.ts';
import { readRoot, structuresOf, writeRoot } from './root-values.ts';
import { storeFault } from './store-check.ts';
import { refuseFullDisk } from './store-disk-fault.ts';

/** Raise it when what is stored changes its shape otherwise than by the records: an older store is then rebuilt. */
const LAYOUT = 6;
const DATABASES_MAX = 12;
const MAP_SIZE_BYTES = 64 * 1024 ** 3;

/** How far a partition is folded. */
export interface Checkpoint {
  readonly header: PartitionHeader;
  readonly nextOffset: number;
}

interface StoreMeta {
  readonly genesisId: string;
  readonly format: number;
  /** Of the shape of what is stored: the records' schemas, and LAYOUT. */
  readonly layout: string;
  /** Kafka's topic ids. */
  readonly outcomes: string;
  readonly commands: string;
}

export interface StoreFileParts {
  readonly folder: string;
  readonly genesis: Genesis;
  readonly log: LogExtent;
  readonly marks: OpenMarks;
  readonly logger: Logger;
}

type Root = RootDatabase<Buffer, StoreKey>;

export interface StoreFile {
  readonly root: Root;
  /** The keys of its tables. */
  readonly known: ReadonlyMap<string, KnownKeys>;
}

export const openStoreFile = async (parts: StoreFileParts): Promise<StoreFile> => {
  const { folder, marks, logger } = parts;
  const file = join(folder, 'fold.lmdb');
  const existed = existsSync(file);
  const suspicion = marks.suspicion() ?? (existed && !looksWhole(file) ? 'damaged' : undefined);
  marks.opening();
  let root = existed && suspicion === undefined ? tryOpen(file, logger) : undefined;
  const known = new Map<string, KnownKeys>();
  const reason = root === undefined ? (suspicion ?? 'damaged') : whyOutdated(root, parts, known);
  if (existed && reason !== undefined) {
    logger.warn({ folder, reason }, 'the local store is thrown away and rebuilt from the log');
    await root?.close();
    for (const each of [file, `${file}-lock`]) rmSync(each, { force: true });
    root = undefined;
    known.clear();
  }
  const isNew = root === undefined;
  if (isNew) refuseFullDisk(folder);
  root ??= openRoot(file);
  const opened = root;
  opened.transactionSync(() => {
    if (isNew) writeRoot(opened, 'sums', {});
    writeRoot(opened, 'meta', expectedMeta(parts));
  });
  await root.flushed;
  marks.opened(isNew);
  return { root, known };
};

const expectedMeta = ({ genesis, log }: StoreFileParts): StoreMeta => ({
  genesisId: genesis.id,
  format: FORMAT,
  layout: hash('sha256', `${LAYOUT} ${schemasFingerprint()}`, 'hex').slice(0, 16),
  outcomes: log.outcomes.id,
  commands: log.commands.id,
});

const openRoot = (file: string): Root =>
  open<Buffer, StoreKey>({
    path: file,
    maxDbs: DATABASES_MAX,
    mapSize: MAP_SIZE_BYTES,
    noMemInit: true,
    encoding: 'binary',
  });

const tryOpen = (file: string, logger: Logger): Root | undefined => {
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
  root: Root,
  parts: StoreFileParts,
  known: Map<string, KnownKeys>,
): string | undefined => {
  try {
    const found = readRoot(root, 'meta') as StoreMeta | undefined;
    const expected = expectedMeta(parts);
    if (found === undefined) return 'incomplete';
    if (found.genesisId !== expected.genesisId) return `of the log with genesis ${found.genesisId}`;
    if (found.format !== expected.format || found.layout !== expected.layout) return 'of another release';
    for (const topic of ['outcomes', 'commands'] as const)
      if (found[topic] !== expected[topic])
        return `of a topic of ${topic} that is gone: its id was ${found[topic]}, and is ${expected[topic]}`;
    const fault = storeFault(root, known);
    if (fault !== undefined) return fault;
    const outcomes = nextOffsets(root, 'checkpoints', (checkpoint) => (checkpoint as Checkpoint).nextOffset);
    const commands = nextOffsets(root, COMMAND_CHECKPOINTS, Number);
    return (
      beyond('outcomes', outcomes, parts.log.outcomes) ?? beyond('commands', commands, parts.log.commands)
    );
  } catch (error) {
    return `damaged (${(error as Error).message})`;
  }
};

/** By partition. */
const nextOffsets = (root: Root, name: string, nextOf: (value: unknown) => number): Map<number, number> => {
  const codec = valueCodec(name, structuresOf(root, name));
  const found = new Map<number, number>();
  for (const { key, value } of openTable(root, name).getRange())
    found.set(key as number, nextOf(codec.decode(key as number, value)?.value));
  return found;
};

/** Why the checkpoints cannot be of this log. */
const beyond = (
  topic: string,
  nexts: Map<number, number>,
  { begins, ends }: TopicDescription,
): string | undefined => {
  for (const [partition, next] of nexts) {
    const [begin, end] = [begins[partition] ?? 0, ends[partition] ?? 0];
    if (next > end)
      return `further than the log: ${topic}/${partition} ends at ${end}, the store is at ${next}`;
    if (next < begin)
      return `before the log: ${topic}/${partition} begins at ${begin}, the store is at ${next}`;
  }
  return undefined;
};
