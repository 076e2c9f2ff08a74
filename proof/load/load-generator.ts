/**
 * An open loop: operations are due at a fixed rate, whatever the answers take, and their time counts from when they were
 * due, so that a pause is not hidden by clients that wait for it (coordinated omission).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryLine } from '../checker/history.ts';
import type { Api } from '../../shared/domain/thing.ts';
import { createLoadClient, type Operation, type Outcome } from './load-client.ts';
import { createLoadStats, type LoadStats, type LoadSummary } from './load-stats.ts';

export interface LoadSettings {
  readonly originalUrl: string;
  readonly shinyUrl: string;
  /** Operations per second. */
  readonly rate: number;
  /** How many operations may be under way. */
  readonly clients: number;
  readonly things: number;
  /** Of a write, by chance, through one of these. */
  readonly via: readonly Api[];
  /** Of every write, such as an API token. */
  readonly writeHeaders?: Readonly<Record<string, string>>;
  /** Each try, when it has ended. */
  readonly onTry: (line: HistoryLine) => void;
}

export interface Load {
  readonly stats: LoadStats;
  /** Milliseconds since 1970 at which the history's clock was 0. */
  readonly startedOn: number;
  /** Begins no more operations; resolves when those under way have ended. */
  stop(): Promise<LoadSummary>;
  /** The same, but what is under way is not tried again. */
  giveUp(): Promise<LoadSummary>;
}

const TRIES_MAX = 200;
const TRY_AGAIN_MIN_MS = 20;
const TRY_AGAIN_MAX_MS = 1_000;
/** No operation is tried for longer. */
const OPERATION_MAX_MS = 60_000;

export const startLoad = (settings: LoadSettings): Load => {
  const { rate, clients, via, onTry } = settings;
  const startedOn = Date.now();
  const origin = performance.now();
  const micros = (): number => Math.round((performance.now() - origin) * 1_000);
  const urls = { original: settings.originalUrl, shiny: settings.shinyUrl };
  const http = createLoadClient(urls, clients, settings.writeHeaders);
  const stats = createLoadStats(() => performance.now());
  const mix = createMix(settings.things);
  let next = 0;
  let stopped = false;
  let givenUp = false;

  const operate = async (client: number, operation: Operation): Promise<boolean> => {
    const giveUpAt = performance.now() + OPERATION_MAX_MS;
    for (let tries = 1; ; tries++) {
      const api = via[Math.floor(Math.random() * via.length)]!;
      const call = micros();
      const outcome = await http.attempt(api, operation);
      const line = { call, return: micros(), client, api, node: api, ...operation, ...outcome };
      onTry(line);
      stats.tried(line);
      if (outcome.outcome === 'accepted' || outcome.outcome === 'conflict') {
        mix.learn(operation, outcome);
        return true;
      }
      // A read is not tried again: what it would have seen is gone.
      const isRead = operation.commandId === undefined;
      if (isRead || givenUp || tries >= TRIES_MAX || performance.now() > giveUpAt) return false;
      await sleep(Math.min(TRY_AGAIN_MIN_MS * 2 ** Math.min(tries - 1, 10), TRY_AGAIN_MAX_MS));
    }
  };
  const run = async (client: number): Promise<void> => {
    while (!stopped) {
      const due = origin + (1_000 * next++) / rate;
      const early = due - performance.now();
      if (early > 1) await sleep(early);
      if (stopped) return;
      const answered = await operate(client, mix.draw());
      stats.ended(performance.now() - due, answered);
    }
  };
  const running = Array.from({ length: clients }, (_, client) => run(client));
  const stop = async (): Promise<LoadSummary> => {
    stopped = true;
    await Promise.all(running);
    await http.close();
    return stats.total();
  };
  return {
    stats,
    startedOn,
    stop,
    giveUp: () => {
      givenUp = true;
      return stop();
    },
  };
};

/** Which operations, in which shares: 12 % creates until there are enough Things, then 2 %; 3 % deletes; 35 % reads. */
const createMix = (thingsMax: number) => {
  /** The version that is believed to be current, by Thing. */
  const versions = new Map<number, number>();
  let ids: number[] = [];
  const forget = (id: number): void => {
    if (versions.delete(id)) ids = ids.filter((one) => one !== id);
  };
  const write = (kind: 'create' | 'update' | 'delete', more: object = {}): Operation => {
    const commandId = randomUUID();
    const foo = Math.floor(Math.random() * 1_000);
    return { kind, commandId, ...more, ...(kind === 'delete' ? {} : { sent: { name: commandId, foo } }) };
  };
  return {
    draw: (): Operation => {
      const drawn = Math.random();
      const wantsThing = ids.length === 0 || drawn < (ids.length < thingsMax ? 0.12 : 0.02);
      if (wantsThing) return write('create');
      const thingId = ids[Math.floor(Math.random() * ids.length)]!;
      if (drawn > 0.83) return { kind: 'read', thingId };
      if (drawn > 0.65) return { kind: 'read-latest', thingId };
      const version = versions.get(thingId)!;
      return write(drawn > 0.62 ? 'delete' : 'update', { thingId, version });
    },
    learn: ({ kind, thingId }: Operation, { outcome, thing, code, currentVersion }: Outcome): void => {
      if (outcome === 'accepted' && thing !== undefined) {
        if (kind === 'delete') forget(thing.id);
        else if (kind === 'create' || versions.has(thing.id)) {
          if (!versions.has(thing.id)) ids.push(thing.id);
          versions.set(thing.id, Math.max(thing.version, versions.get(thing.id) ?? 0));
        }
      } else if (thingId !== undefined && code === 'absent' && kind !== 'read') forget(thingId);
      else if (thingId !== undefined && currentVersion !== undefined && versions.has(thingId))
        versions.set(thingId, Math.max(currentVersion, versions.get(thingId)!));
    },
  };
};
