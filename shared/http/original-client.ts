/** A client of the Original API: for the updater, which decides through it, and for Shiny's linearizable reads. */
import { Pool } from 'undici';
import type { Decision } from '../domain/answer.ts';
import type { ThingCommand } from '../domain/command.ts';
import {
  INTERNAL_DECIDE_PATH,
  INTERNAL_FEED_ENDS_PATH,
  internalThingPath,
  type InternalDecideBody,
  type InternalThing,
} from './internal-api.ts';
import { ERRORS } from './errors.ts';

export interface OriginalClient {
  /** Throws when the outcome is not known: unreachable, too slow, or a fault of its own. Asking again is harmless. */
  decide(partition: number, token: number, command: ThingCommand): Promise<Decision | 'not-owner'>;
  /** The owner and the Thing, in one statement. */
  thing(id: number): Promise<InternalThing>;
  /** End offsets of Original's feed, which then holds everything that Original acknowledged before the call. */
  feedEnds(): Promise<number[]>;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 32;
const REQUEST_TIMEOUT_MS = 5_000;

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
  return {
    decide: async (partition, token, command) => {
      const request: InternalDecideBody = { partition, token, command };
      const { statusCode, body } = await pool.request({
        path: INTERNAL_DECIDE_PATH,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      });
      if (statusCode === 200) return (await body.json()) as Decision;
      if (statusCode === ERRORS['not-owner'].status) {
        await body.dump();
        return 'not-owner';
      }
      return fail(statusCode, body);
    },
    thing: async (id) => {
      const { statusCode, body } = await pool.request({ path: internalThingPath(id), method: 'GET' });
      return statusCode === 200 ? ((await body.json()) as InternalThing) : fail(statusCode, body);
    },
    feedEnds: async () => {
      const { statusCode, body } = await pool.request({ path: INTERNAL_FEED_ENDS_PATH, method: 'GET' });
      return statusCode === 200 ? ((await body.json()) as number[]) : fail(statusCode, body);
    },
    // Requests in flight are finished, or given up after their timeout.
    close: () => pool.close(),
  };
};
