/** `playground master repair`: makes a partition of Original's database one with the log again, after showing what it would do. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { applyRepair, otherOriginals, readStoreContent } from '../../original-api/repair-store.ts';
import { LOCK_TIMEOUT_MS, openDatabase } from '../../original-api/database.ts';
import { repairPlan, type RepairPlan } from '../../original-api/repair-plan.ts';
import type { RecordCodec } from '../../shared/codec/record-codec.ts';
import type { StoredAnswer } from '../../shared/domain/answer.ts';
import { restoreCommands } from '../../shared/commands/restore-commands.ts';
import { fold } from '../../shared/domain/fold.ts';
import { emptyState, type PartitionState } from '../../shared/domain/partition-state.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import { readGenesis } from '../../shared/codec/namespace.ts';
import { readOutcomes } from '../../shared/codec/outcome-reader.ts';
import { topicName } from '../../shared/log/topics.ts';
import { localDatabaseUrl } from '../../shared/process/local-database.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { openLog } from '../../shared/boot/open-log.ts';
import { briefLifecycle } from '../brief-lifecycle.ts';
import { playgroundLogSettings } from './config.ts';
import { CommandFault, EXIT, print, type ExitStatus } from './exit.ts';
import { confirmed } from './master-command.ts';

export interface RepairOptions {
  readonly partitions: readonly number[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const POOL_MAX = 2;
const STATEMENT_TIMEOUT_MS = 300_000;
const READ_STALL_MS = 30_000;
const LISTED_MAX = 10;

interface Folded {
  readonly state: PartitionState & {
    readonly things: Map<number, Thing>;
    readonly answers: Map<string, StoredAnswer>;
  };
  /** Of the outcomes. */
  readonly end: number;
}

/** Exit status 0: all is one, or was made so; 1: something would be done, or must not be now. */
export const repairMaster = async (options: RepairOptions): Promise<ExitStatus> => {
  const settings = playgroundLogSettings();
  const { NAMESPACE: namespace } = settings;
  const { lifecycle, close } = briefLifecycle();
  try {
    const { log, codec } = await openLog('playground', settings, lifecycle, silentLogger());
    const genesis = await readGenesis(log, codec, namespace);
    const unknown = options.partitions.filter((partition) => partition >= genesis.partitions);
    if (unknown.length > 0)
      throw new CommandFault(
        EXIT.usage,
        `there are ${genesis.partitions} partitions, not ${unknown.join(', ')}`,
      );
    const pool = await openStore(namespace);
    lifecycle.onClose('Postgres', () => pool.end());
    let status: ExitStatus = EXIT.done;
    for (const partition of options.partitions) {
      const { state, end } = await foldPartition(log, codec, namespace, partition);
      await showCutCommands(log, codec, namespace, state, options);
      const store = await readStoreContent(pool, partition, genesis.partitions);
      const plan = repairPlan(state, state.answers.values(), state.things.values(), store);
      show(plan, options);
      const isRepaired = await repair({ log, codec, pool, namespace }, plan, { state, end }, options);
      if (!isRepaired) status = EXIT.refused;
    }
    return status;
  } finally {
    await close();
  }
};

/** Commands that were cut off below what is decided: marks take their place, which changes nothing and lets the partition go on. */
const showCutCommands = async (
  log: EventLog,
  codec: RecordCodec,
  namespace: string,
  { header: { partition, position } }: PartitionState,
  { dryRun, json }: RepairOptions,
): Promise<void> => {
  const end = (await log.endOffsets(topicName(namespace, 'things.commands')))[partition]!;
  const missing = position + 1 - end;
  if (missing <= 0) return;
  if (json !== true)
    print(`partition ${partition}: ${missing} decided commands were cut off; marks take their place`);
  if (dryRun === true) return;
  const request = { namespace, partition, position, now: Date.now(), newId: randomUUID };
  await restoreCommands(log, codec, request);
};

const openStore = (namespace: string): Promise<pg.Pool> => {
  const url = process.env['DATABASE_URL'] ?? localDatabaseUrl(process.env);
  const access = {
    url,
    namespace,
    poolMax: POOL_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    applicationName: 'playground',
  };
  return openDatabase(access, silentLogger());
};

const repair = async (
  { log, codec, pool, namespace }: { log: EventLog; codec: RecordCodec; pool: pg.Pool; namespace: string },
  plan: RepairPlan,
  { state, end }: Folded,
  options: RepairOptions,
): Promise<boolean> => {
  if (options.dryRun === true) return false;
  const others = await otherOriginals(pool, namespace);
  if (others > 0)
    throw new CommandFault(
      EXIT.refused,
      `${others} connections of Original are open: stop it first, it must not write meanwhile`,
    );
  if (options.yes !== true && !(await confirmed(`repair partition ${plan.partition}?`))) return false;
  await passOverFeed(log, codec, namespace, state);
  await applyRepair(pool, plan, { nextOffset: end, header: state.header });
  if (options.json !== true) print(`partition ${plan.partition} is repaired; start Original again`);
  return true;
};

/** Entries that lie in the feed and do not count: what of them is not lost is published again. */
const passOverFeed = async (
  log: EventLog,
  codec: RecordCodec,
  namespace: string,
  { header }: PartitionState,
): Promise<void> => {
  const { partition, epoch } = header;
  if (header.owner !== 'original') return;
  const feedEnd = (await log.endOffsets(topicName(namespace, 'things.original')))[partition]!;
  let previousFeedOffset = header.feedPosition;
  for (let feedOffset = header.feedPosition + 1; feedOffset < feedEnd; feedOffset++) {
    const passed = { number: null, epoch, state: null, answer: null, fence: null } as const;
    const value = codec.encode({ type: 'observed', feedOffset, previousFeedOffset, ...passed });
    await log.append(topicName(namespace, 'things.outcomes'), {
      partition,
      key: '',
      value,
      timestamp: Date.now(),
    });
    previousFeedOffset = feedOffset;
  }
};

const foldPartition = async (
  log: EventLog,
  codec: RecordCodec,
  namespace: string,
  partition: number,
): Promise<Folded> => {
  const topic = topicName(namespace, 'things.outcomes');
  const end = (await log.endOffsets(topic))[partition]!;
  const state = emptyState(partition) as Folded['state'];
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let timer = setTimeout(reject, READ_STALL_MS, stalled(topic, partition));
  const tail = await log.tail(
    [{ topic, partition, offset: 0 }],
    async (_topic, _partition, records, next) => {
      clearTimeout(timer);
      timer = setTimeout(reject, READ_STALL_MS, stalled(topic, partition));
      const within = records.filter(({ offset }) => offset < end);
      for (const record of await readOutcomes(codec, within)) fold(state, record);
      if (next >= end) resolve();
    },
  );
  try {
    await Promise.race([done, tail.failed]);
    return { state, end };
  } finally {
    clearTimeout(timer);
    await tail.stop();
  }
};

const stalled = (topic: string, partition: number): Error =>
  new Error(`${topic}/${partition} gave nothing for ${READ_STALL_MS} ms`);

const show = (plan: RepairPlan, { json }: RepairOptions): void => {
  if (json === true) return print(JSON.stringify(plan));
  const { partition, row, fenceAgain, dropAnswers } = plan;
  const lines = [
    row === undefined ? undefined : `the row becomes: ${row.owner}, epoch ${row.epoch}, since ${row.since}`,
    counted(plan.writeThings.length, 'Things are written from the log'),
    counted(plan.dropThings.length, 'Things that no log has are dropped'),
    counted(plan.writeAnswers.length, 'answers are written from the log'),
    counted(plan.publishAgain.length, 'writes that only the database has are published again'),
    fenceAgain === undefined ? undefined : `the fence of epoch ${fenceAgain} is published again`,
    dropAnswers.length === 0
      ? undefined
      : `${dropAnswers.length} acknowledged writes are LOST, the log has gone on otherwise: ${listed(dropAnswers)}`,
  ].filter((line) => line !== undefined);
  print(`partition ${partition}: ${lines.length === 0 ? 'database and log are one' : ''}`);
  for (const line of lines) print(`  ${line}`);
};

const counted = (count: number, what: string): string | undefined =>
  count === 0 ? undefined : `${count} ${what}`;

const listed = (ids: readonly string[]): string =>
  ids.slice(0, LISTED_MAX).join(', ') + (ids.length > LISTED_MAX ? ', …' : '');
