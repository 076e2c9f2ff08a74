/** `playground master`: who is master of which partition. `playground master switch`: moves it. */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SwitchBody, SwitchJson, PartitionPrecheck } from '../../shared/contracts/switches.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { Addresses } from '../client/config.ts';
import { CommandFault, EXIT, type ExitStatus } from '../client/exit.ts';
import { print, printError } from '../../shared/process/print.ts';
import { refusedWrites } from './refused-writes.ts';
import { percentile } from '../../shared/process/percentile.ts';
import { table } from '../../shared/process/text-table.ts';
import { createUpdaterClient, type UpdaterClient } from '../client/updater-client.ts';

export interface MasterOptions extends Addresses {
  readonly json?: boolean;
}

export interface SwitchOptions extends MasterOptions {
  readonly to: Api;
  readonly partitions?: readonly number[];
  readonly dryRun?: boolean;
  readonly allowLoss?: boolean;
  /** Milliseconds. */
  readonly deadline: number;
  readonly yes?: boolean;
  readonly id?: string;
}

const POLL_MS = 50;
/** After its deadline a switch is decided, or cannot go back: it ends as soon as relay and updater live. */
const END_WAIT_MS = 30_000;

export const showMaster = async (options: MasterOptions): Promise<ExitStatus> => {
  const mastership = await createUpdaterClient(options.updaterUrl).mastership();
  if (options.json === true) {
    print(JSON.stringify(mastership));
    return EXIT.done;
  }
  const rows = mastership.partitions.map(
    ({ partition, owner: master, epoch, state, position, waiting, lag, switch: open }) => [
      partition,
      master,
      epoch,
      state,
      position,
      waiting,
      lag ?? undefined,
      open === undefined ? '' : `to ${open.to}: ${open.step}`,
    ],
  );
  print(`namespace ${mastership.namespace}`);
  for (const line of table(
    ['partition', 'master', 'epoch', 'state', 'position', 'waiting', 'lag', 'switch'],
    rows,
  ))
    print(line);
  for (const { partition, state, since, reason } of mastership.partitions)
    if (reason !== undefined) print(`partition ${partition} is ${state} since ${since}: ${reason}`);
  return EXIT.done;
};

export const switchMaster = async (options: SwitchOptions): Promise<ExitStatus> => {
  const client = createUpdaterClient(options.updaterUrl);
  const body = switchBody(options);
  const say = options.json === true ? () => undefined : print;
  if (options.dryRun === true) return dryRun(client, body, options);
  if (options.yes !== true && !(await isWanted(client, body, say))) {
    printError('nothing was switched');
    return EXIT.refused;
  }
  const id = options.id ?? randomUUID();
  say(`switch ${id}`);
  const refusedBefore = await refusedWrites(options);
  const begun = await client.begin(id, body).catch((error: unknown) => {
    if (error instanceof CommandFault && error.status === EXIT.notKnown)
      throw new CommandFault(error.status, `${error.message}; ask again with --id ${id}`);
    throw error;
  });
  const ended =
    begun.partitions.length === 0 ? begun : await watch(client, begun, body.deadline_ms! + END_WAIT_MS, say);
  const refused = increase(await refusedWrites(options), refusedBefore);
  if (options.json === true) print(JSON.stringify({ ...ended, refused_writes: refused ?? null }));
  else for (const line of resultLines(ended, refused)) print(line);
  return statusOf(ended);
};

const switchBody = ({ to, partitions, deadline, allowLoss }: SwitchOptions): SwitchBody => ({
  to,
  deadline_ms: deadline,
  allow_loss: allowLoss === true,
  ...(partitions === undefined ? {} : { partitions: [...partitions] }),
});

const dryRun = async (
  client: UpdaterClient,
  body: SwitchBody,
  { json }: SwitchOptions,
): Promise<ExitStatus> => {
  const prechecks = await client.dryRun(body);
  if (json === true) print(JSON.stringify({ dry_run: true, to: body.to, partitions: prechecks }));
  else for (const line of precheckLines(prechecks)) print(line);
  return prechecks.every(({ would }) => would === 'switch') ? EXIT.done : EXIT.refused;
};

const precheckLines = (prechecks: readonly PartitionPrecheck[]): string[] => {
  const rows = prechecks.map(
    ({ partition, would, epoch, lag, lossy, forecast_pause_ms: forecast, problems }) => [
      partition,
      would,
      epoch,
      lag.relay,
      lag.mirror,
      lag.view,
      lag.commands,
      lossy.count,
      forecast,
      [...problems, ...(lossy.count === 0 ? [] : [`lossy Things: ${lossy.first.join(', ')}`])].join('; '),
    ],
  );
  const head = [
    'partition',
    'would',
    'epoch',
    'relay',
    'mirror',
    'view',
    'commands',
    'lossy',
    'pause ms',
    'why',
  ];
  return prechecks.length === 0 ? ['there is nothing to switch'] : table(head, rows);
};

/** On a terminal the user is asked; else --yes is needed. */
const isWanted = async (
  client: UpdaterClient,
  body: SwitchBody,
  say: (line: string) => void,
): Promise<boolean> => {
  if (!process.stdin.isTTY) throw new CommandFault(EXIT.usage, 'without a terminal, say --yes or --dry-run');
  for (const line of precheckLines(await client.dryRun(body))) say(line);
  return confirmed(`switch to ${body.to}?`);
};

/** Asks on the terminal. Throws CommandFault where there is none. */
export const confirmed = async (question: string, otherwise = '--yes or --dry-run'): Promise<boolean> => {
  if (!process.stdin.isTTY) throw new CommandFault(EXIT.usage, `without a terminal, say ${otherwise}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
};

/** Shows how far each partition is, until all have their result. */
const watch = async (
  client: UpdaterClient,
  { id, partitions: asked }: SwitchJson,
  waitMs: number,
  say: (line: string) => void,
): Promise<SwitchJson> => {
  const shown = new Set<string>();
  const deadline = performance.now() + waitMs;
  for (;;) {
    const state = await client.switchOf(id).catch((error: unknown) => {
      // Not read back yet, or the updater is away for a moment.
      if (performance.now() > deadline) throw new CommandFault(EXIT.notKnown, (error as Error).message);
      return undefined;
    });
    for (const { partition, result, steps } of state?.partitions ?? []) {
      const step =
        result === 'pending' ? (Object.keys(steps).at(-1)?.replace('_on', '') ?? 'waiting') : result;
      if (process.stdout.isTTY && !shown.has(`${partition} ${step}`)) say(`partition ${partition}: ${step}`);
      shown.add(`${partition} ${step}`);
    }
    const isDone =
      state?.partitions.length === asked.length &&
      state.partitions.every(({ result }) => result !== 'pending');
    if (state !== undefined && (isDone || performance.now() > deadline)) return state;
    await sleep(POLL_MS);
  }
};

const increase = (after: number | undefined, before: number | undefined): number | undefined =>
  after === undefined || before === undefined ? undefined : after - before;

const resultLines = ({ partitions }: SwitchJson, refused: number | undefined): string[] => {
  if (partitions.length === 0) return ['there was nothing to switch'];
  const rows = partitions.map(({ partition, result, epoch, pause_ms: pause, waited, reason }) => [
    partition,
    result,
    epoch,
    pause,
    waited,
    reason ?? '',
  ]);
  const switched = partitions.filter(({ result }) => result === 'switched');
  const pauses = switched.map(({ pause_ms: pause }) => pause ?? 0).toSorted((a, b) => a - b);
  const waited = partitions.reduce((sum, { waited: count = 0 }) => sum + count, 0);
  return [
    ...table(['partition', 'result', 'epoch', 'pause ms', 'waited', 'why'], rows),
    `${switched.length} of ${partitions.length} switched; pause p50 ${percentile(pauses, 0.5)} ms, max ${pauses.at(-1) ?? 0} ms; ` +
      `${waited} commands waited, refused writes: ${refused ?? 'not known'}`,
  ];
};

const statusOf = ({ partitions }: SwitchJson): ExitStatus => {
  if (partitions.some(({ result }) => result === 'pending')) return EXIT.notKnown;
  return partitions.every(({ result }) => result === 'switched') ? EXIT.done : EXIT.refused;
};
