/** `playground master repair`: makes a partition of Original's database one with the log again, after showing what it would do. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { applyRepair, otherOriginals, readStoreContent } from '../../original-api/store/repair-store.ts';
import { bindDatabase, LOCK_TIMEOUT_MS, openDatabase } from '../../original-api/store/database.ts';
import { repairPlan, type RepairPlan } from '../../original-api/store/repair-plan.ts';
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import type { StoredAnswer } from '../../shared/domain/answer.ts';
import { restoreCommands } from '../../shared/commands/restore-commands.ts';
import { fold } from '../../shared/domain/fold.ts';
import { emptyState, type PartitionState } from '../../shared/domain/partition-state.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import { readGenesis } from '../../shared/records/namespace.ts';
import { readOutcomes } from '../../shared/records/outcome-reader.ts';
import { readToEnds } from '../../shared/log/read-to-ends.ts';
import { topicName } from '../../shared/records/topics.ts';
import { localDatabaseUrl } from '../../shared/process/local-database.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { openLog } from '../../shared/boot/open-log.ts';
import { scopedLifecycle } from '../../shared/process/scoped-lifecycle.ts';
import { playgroundLogSettings } from '../client/config.ts';
import { CommandFault, EXIT, type ExitStatus } from '../client/exit.ts';
import { print } from '../../shared/process/print.ts';
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
  const { lifecycle, close } = scopedLifecycle();
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
    await bindDatabase(pool, genesis, () => Promise.resolve(false));
    const parts = { log, codec, pool, namespace, partitions: genesis.partitions };
    let status: ExitStatus = EXIT.done;
    for (const partition of options.partitions)
      if (!(await repairPartition(parts, partition, options))) status = EXIT.refused;
    return status;
  } finally {
    await close();
  }
};

interface RepairParts {
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly pool: pg.Pool;
  readonly namespace: string;
  readonly partitions: number;
}

/** Is the partition one with the log now? */
const repairPartition = async (
  parts: RepairParts,
  partition: number,
  options: RepairOptions,
): Promise<boolean> => {
  const { log, codec, pool, namespace } = parts;
  if (options.dryRun !== true) await checkStopped(parts);
  const folded = await foldPartition(log, codec, namespace, partition);
  const plan = await planOf(parts, folded.state);
  const cutCommands = await countCutCommands(parts, folded.state);
  const hasWork = show(plan, cutCommands, options);
  if (options.dryRun === true) return !hasWork;
  if (options.yes !== true) {
    if (!(await confirmed(`repair partition ${partition}?`))) return false;
    // Somebody may have started Original while we waited for the answer.
    await checkStopped(parts);
    if (!isDeepStrictEqual(await planOf(parts, folded.state), plan))
      throw new CommandFault(EXIT.refused, 'the database has changed meanwhile; ask again');
  }
  const { position } = folded.state.header;
  if (cutCommands > 0)
    await restoreCommands(log, codec, { namespace, partition, position, now: Date.now(), newId: randomUUID });
  await passOverFeed(log, codec, namespace, folded.state);
  await applyRepair(pool, plan, { nextOffset: folded.end, header: folded.state.header });
  if (options.json !== true) print(`partition ${partition} is repaired; start Original again`);
  return true;
};

/** Throws CommandFault. It must not write between the plan and its end. */
const checkStopped = async ({ pool, namespace }: RepairParts): Promise<void> => {
  const others = await otherOriginals(pool, namespace);
  if (others > 0)
    throw new CommandFault(
      EXIT.refused,
      `${others} connections of Original are open: stop it first, it must not write meanwhile`,
    );
};

const planOf = async ({ pool, partitions }: RepairParts, state: Folded['state']): Promise<RepairPlan> => {
  const store = await readStoreContent(pool, state.header.partition, partitions);
  return repairPlan(state, state.answers.values(), state.things.values(), store);
};

/** Commands that were cut off below what is decided: marks take their place, which changes nothing and lets the partition go on. */
const countCutCommands = async (
  { log, namespace }: RepairParts,
  { header: { partition, position } }: PartitionState,
): Promise<number> => {
  const end = (await log.endOffsets(topicName(namespace, 'things.commands')))[partition]!;
  return Math.max(0, position + 1 - end);
};

const openStore = (namespace: string): Promise<pg.Pool> => {
  const url = process.env['DATABASE_URL'] || localDatabaseUrl(process.env);
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

/** Entries that lie in the feed and do not count: what of them is not lost is published again. */
const passOverFeed = async (
  log: EventLog,
  codec: RecordCodec,
  namespace: string,
  { header }: PartitionState,
): Promise<void> => {
  const { partition, epoch } = header;
  if (header.master !== 'original') return;
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
  await readToEnds(log, {
    topic,
    ends: new Map([[partition, end]]),
    stallMs: READ_STALL_MS,
    onRecords: async (_partition, records) => {
      for (const record of await readOutcomes(codec, records)) fold(state, record);
    },
  });
  return { state, end };
};

/** Returns whether there is anything to do. */
const show = (plan: RepairPlan, cutCommands: number, { json }: RepairOptions): boolean => {
  const { partition, row, fenceAgain, dropAnswers } = plan;
  const lines = [
    counted(cutCommands, 'decided commands were cut off: marks take their place'),
    row === undefined
      ? undefined
      : `the row becomes: ${row.master}, epoch ${row.epoch}, since ${row.masterSinceEpoch}`,
    counted(plan.writeThings.length, 'Things are written from the log'),
    counted(plan.dropThings.length, 'Things that no log has are dropped'),
    counted(plan.writeAnswers.length, 'answers are written from the log'),
    counted(plan.publishAgain.length, 'writes that only the database has are published again'),
    fenceAgain === undefined ? undefined : `the fence of epoch ${fenceAgain} is published again`,
    dropAnswers.length === 0
      ? undefined
      : `${dropAnswers.length} acknowledged writes are LOST, the log has gone on otherwise: ${listed(dropAnswers)}`,
  ].filter((line) => line !== undefined);
  if (json === true) print(JSON.stringify({ ...plan, cutCommands }));
  else {
    print(`partition ${partition}: ${lines.length === 0 ? 'database and log are one' : ''}`);
    for (const line of lines) print(`  ${line}`);
  }
  return lines.length > 0;
};

const counted = (count: number, what: string): string | undefined =>
  count === 0 ? undefined : `${count} ${what}`;

const listed = (ids: readonly string[]): string =>
  ids.slice(0, LISTED_MAX).join(', ') + (ids.length > LISTED_MAX ? ', …' : '');
