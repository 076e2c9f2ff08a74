/** The switches of a proof: random partitions, to and fro, one after the other, and what they cost those who waited. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryLine } from '../../proof/checker/history.ts';
import { partitionOfCreate, partitionOfThing } from '../../shared/domain/partition.ts';
import type { Api } from '../../shared/domain/thing.ts';
import { CommandFault, EXIT } from '../client/exit.ts';
import { percentile } from '../../shared/process/percentile.ts';
import { table } from '../../shared/process/text-table.ts';
import type { UpdaterClient } from '../client/updater-client.ts';

export interface SwitchSeen {
  readonly partition: number;
  readonly to: Api;
  readonly result: string;
  readonly pauseMs: number | undefined;
  readonly waited: number | undefined;
  /** Milliseconds since 1970. */
  readonly begunOn: number | undefined;
  readonly decidedOn: number | undefined;
  readonly reason: string | undefined;
}

const POLL_MS = 20;
const GAP_MS = 100;
const RESULT_WAIT_MS = 30_000;
const DEADLINE_MS = 5_000;
/** One of so many switches takes all partitions that one master has at once. */
const ALL_AT_ONCE_EVERY = 10;

/** The updater may be away for so long at a time, as when it is started again. */
const UPDATER_WAIT_MS = 30_000;
const UPDATER_POLL_MS = 200;

/** Counts one switch per partition that is moved. Throws CommandFault (not known) when the updater stays away. */
export const switchToAndFro = async (
  updater: UpdaterClient,
  count: number,
  onProgress: (done: number) => void,
  waitMs = UPDATER_WAIT_MS,
): Promise<SwitchSeen[]> => {
  const seen: SwitchSeen[] = [];
  for (let round = 1; seen.length < count; round++) {
    const { partitions } = await patiently(waitMs, () => updater.mastership());
    const some = partitions[Math.floor(Math.random() * partitions.length)]!;
    const to: Api = some.owner === 'shiny' ? 'original' : 'shiny';
    const chosen =
      round % ALL_AT_ONCE_EVERY === 0
        ? partitions.filter(({ owner }) => owner === some.owner).slice(0, count - seen.length)
        : [some];
    const moved = chosen.map(({ partition }) => partition);
    seen.push(...(await switchOnce(updater, to, moved, waitMs)));
    onProgress(seen.length);
    await sleep(GAP_MS * Math.random());
  }
  return seen;
};

const switchOnce = async (
  updater: UpdaterClient,
  to: Api,
  partitions: number[],
  waitMs: number,
): Promise<SwitchSeen[]> => {
  const id = randomUUID();
  // The same id again is the same switch.
  await patiently(waitMs, () => updater.begin(id, { to, partitions, deadline_ms: DEADLINE_MS }));
  const deadline = performance.now() + RESULT_WAIT_MS;
  for (;;) {
    const state = await patiently(waitMs, () => updater.switchOf(id));
    const isDone =
      state.partitions.length === partitions.length &&
      state.partitions.every(({ result }) => result !== 'pending');
    if (isDone || (performance.now() > deadline && state.partitions.length > 0)) {
      return state.partitions.map((one) => ({
        partition: one.partition,
        to,
        result: one.result,
        pauseMs: one.pause_ms,
        waited: one.waited,
        begunOn: timeOf(one.steps['begun_on']),
        decidedOn: timeOf(one.steps['decided_on']),
        reason: one.reason,
      }));
    }
    if (performance.now() > deadline)
      throw new CommandFault(
        EXIT.notKnown,
        `what became of switch ${id} is not known after ${RESULT_WAIT_MS} ms`,
      );
    await sleep(POLL_MS);
  }
};

/** Asks the updater until it answers. Throws CommandFault (not known) after `waitMs`, and at once for a fault of usage. */
const patiently = async <T>(waitMs: number, ask: () => Promise<T>): Promise<T> => {
  for (const deadline = performance.now() + waitMs; ; await sleep(UPDATER_POLL_MS)) {
    try {
      return await ask();
    } catch (error) {
      const { status, message } = error as CommandFault;
      if (status === EXIT.usage) throw error;
      if (performance.now() > deadline)
        throw new CommandFault(EXIT.notKnown, `the updater did not help for ${waitMs} ms: ${message}`);
    }
  }
};

const timeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);

/**
 * By how much the slowest try was slower than the pauses that it met in its partition; milliseconds.
 * `startedOn`: milliseconds since 1970 at which the clock of the history was 0.
 */
export const slowestBeyondPause = (
  tries: readonly HistoryLine[],
  switches: readonly SwitchSeen[],
  startedOn: number,
  partitions: number,
): number => {
  const byPartition = Map.groupBy(switches, ({ partition }) => partition);
  let slowest = 0;
  for (const { call, return: ended, thingId, commandId, thing } of tries) {
    const id = thingId ?? thing?.id;
    const partition =
      id === undefined ? partitionOfCreate(commandId!, partitions) : partitionOfThing(id, partitions);
    const [from, to] = [startedOn + call / 1_000, startedOn + ended / 1_000];
    const paused = (byPartition.get(partition) ?? [])
      .filter(({ begunOn = Infinity, decidedOn = 0 }) => begunOn <= to && decidedOn >= from)
      .reduce((sum, { pauseMs = 0 }) => sum + pauseMs, 0);
    slowest = Math.max(slowest, to - from - paused);
  }
  return Math.round(slowest);
};

const CHART_ENDS_MS = [25, 50, 75, 100, 150, 250, Infinity];
const BAR_MAX_CHARS = 30;

/** How many switches had which pause, as bars. */
export const pauseChart = (seen: readonly SwitchSeen[]): string[] => {
  const counts = (to: Api): number[] =>
    CHART_ENDS_MS.map(
      (end, index) =>
        seen.filter(
          ({ to: other, result, pauseMs = 0 }) =>
            other === to &&
            result === 'switched' &&
            pauseMs < end &&
            pauseMs >= (CHART_ENDS_MS[index - 1] ?? 0),
        ).length,
    );
  const [shiny, original] = [counts('shiny'), counts('original')];
  const most = Math.max(1, ...shiny, ...original);
  const bar = (count: number): string =>
    count === 0 ? '' : `${'█'.repeat(Math.ceil((BAR_MAX_CHARS * count) / most))} ${count}`;
  return table(
    ['pause', 'to shiny', 'to original'],
    CHART_ENDS_MS.map((end, index) => [
      end === Infinity ? `longer` : `< ${end} ms`,
      bar(shiny[index]!),
      bar(original[index]!),
    ]),
  );
};

export const pauseLines = (seen: readonly SwitchSeen[], slowest: number): string[] => {
  const rows = (['shiny', 'original'] as const).map((to) => {
    const all = seen.filter((one) => one.to === to);
    const switched = all.filter(({ result }) => result === 'switched');
    const pauses = switched.map(({ pauseMs = 0 }) => pauseMs).toSorted((a, b) => a - b);
    const waited = switched.reduce((sum, one) => sum + (one.waited ?? 0), 0);
    return [
      `to ${to}`,
      switched.length,
      all.length - switched.length,
      percentile(pauses, 0.5),
      percentile(pauses, 0.99),
      pauses.at(-1) ?? 0,
      waited,
    ];
  });
  const reasons = new Set(
    seen.flatMap(({ result, reason }) => (result === 'switched' ? [] : [`${result}: ${reason ?? ''}`])),
  );
  return [
    ...table(['switches', 'done', 'not done', 'pause p50 ms', 'p99 ms', 'max ms', 'commands waited'], rows),
    ...pauseChart(seen),
    ...reasons,
    `the slowest request took ${slowest} ms beyond the pauses that it met`,
  ];
};
