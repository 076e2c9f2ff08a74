/** A client of the Original API: for the updater, which decides through it, and for Shiny's linearizable reads. */
import { Pool } from 'undici';
import type { Decision } from '../domain/answer.ts';
import type { ThingCommand } from '../domain/command.ts';
import {
  INTERNAL_ABORT_PATH,
  INTERNAL_DECIDE_PATH,
  INTERNAL_FENCE_PATH,
  INTERNAL_FEED_ENDS_PATH,
  internalMastershipPath,
  internalThingPath,
  type InternalAbortBody,
  type InternalDecideBody,
  type InternalFenceBody,
  type InternalMastership,
  type InternalThing,
} from './internal-api.ts';
import { ERRORS } from './errors.ts';

export interface OriginalClient {
  /** Throws when the outcome is not known: unreachable, too slow, or a fault of its own. Asking again is harmless. */
  decide(partition: number, token: number, command: ThingCommand): Promise<Decision | 'not-owner'>;
  /** The owner and the Thing, in one statement. */
  thing(id: number): Promise<InternalThing>;
  /**
   * End offsets of Original's feed, which then holds everything that Original acknowledged before the call. Throws when
   * the relay has not published that within `waitMs`.
   */
  feedEnds(waitMs?: number): Promise<number[]>;
  /** The row of the partition; waits up to `waitMs` for an epoch above `past`. */
  mastership(partition: number, past?: number, waitMs?: number): Promise<InternalMastership>;
  /** The switch to Shiny, by compare-and-set of the row; returns the row as it is then. Asking again is harmless. */
  fence(partition: number, epoch: number): Promise<InternalMastership>;
  /** The abort of a switch, likewise. */
  abortSwitch(partition: number, epoch: number, reason: string): Promise<InternalMastership>;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 32;
const REQUEST_TIMEOUT_MS = 5_000;
/** How long Original waits for its relay, unless it is told otherwise. */
const FEED_ENDS_WAIT_MS = 10_000;

export const createOriginalClient = (url: string): OriginalClient => {
  const pool = new Pool(url, {
    connections: CONNECTIONS_MAX,
    connectTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    bodyTimeout: REQUEST_TIMEOUT_MS,
  });
  const fail = async (status: number, body: { text(): Promise<string> }): Promise<never> => {
    throw new Error(`the Original API answered ${status}: ${await body.text()}`);
  };
  // From the call on, so that waiting for a connection has an end too.
  const limit = (waitMs = 0): AbortSignal => AbortSignal.timeout(REQUEST_TIMEOUT_MS + waitMs);
  const get = async <T>(path: string, waitMs?: number): Promise<T> => {
    const { statusCode, body } = await pool.request({ path, method: 'GET', signal: limit(waitMs) });
    return statusCode === 200 ? ((await body.json()) as T) : fail(statusCode, body);
  };
  const post = (path: string, body: object) =>
    pool.request({
      path,
      method: 'POST',
      signal: limit(),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const moveMastership = async (
    path: string,
    request: InternalFenceBody | InternalAbortBody,
  ): Promise<InternalMastership> => {
    const { statusCode, body } = await post(path, request);
    return statusCode === 200 ? ((await body.json()) as InternalMastership) : fail(statusCode, body);
  };
  return {
    decide: async (partition, token, command) => {
      const request: InternalDecideBody = { partition, token, command };
      const { statusCode, body } = await post(INTERNAL_DECIDE_PATH, request);
      if (statusCode === 200) return (await body.json()) as Decision;
      if (statusCode === ERRORS['not-owner'].status) {
        await body.dump();
        return 'not-owner';
      }
      return fail(statusCode, body);
    },
    thing: (id) => get<InternalThing>(internalThingPath(id)),
    feedEnds: (waitMs) =>
      get<number[]>(
        INTERNAL_FEED_ENDS_PATH + (waitMs === undefined ? '' : `?wait_ms=${Math.floor(waitMs)}`),
        waitMs ?? FEED_ENDS_WAIT_MS,
      ),
    mastership: (partition, past, waitMs = 0) =>
      get<InternalMastership>(
        internalMastershipPath(partition) +
          (past === undefined ? '' : `?past=${past}&wait_ms=${Math.floor(waitMs)}`),
        waitMs,
      ),
    fence: (partition, epoch) => moveMastership(INTERNAL_FENCE_PATH, { partition, epoch }),
    abortSwitch: (partition, epoch, reason) =>
      moveMastership(INTERNAL_ABORT_PATH, { partition, epoch, reason }),
    // Requests in flight are finished, or given up after their timeout.
    close: () => pool.close(),
  };
};
