/** A client of the Original API: for the updater, which decides through it, and for Shiny's linearizable reads. */
import { Pool, type Dispatcher } from 'undici';
import { addedFieldsOf, withoutDefaults } from '../domain/added-fields.ts';
import type { Decision } from '../domain/answer.ts';
import type { ThingCommand } from '../domain/command.ts';
import type { Thing } from '../domain/thing.ts';
import {
  INTERNAL_ABORT_PATH,
  INTERNAL_DECISION,
  INTERNAL_FEED_ENDS,
  INTERNAL_MASTERSHIP,
  INTERNAL_THING,
  internalThingOfJson,
  mastershipOfJson,
  INTERNAL_DECIDE_PATH,
  INTERNAL_FENCE_PATH,
  INTERNAL_FEED_ENDS_PATH,
  INTERNAL_IDENTITY_PATH,
  internalMastershipPath,
  internalThingPath,
  type InternalAbortBody,
  type InternalDecideBody,
  type InternalFenceBody,
  type InternalMastership,
  type InternalThing,
} from './original-internal.ts';
import { StartError } from '../process/lifecycle.ts';
import type { TSchema } from 'typebox';
import { ApiError, ERROR_CODE_HEADER, isErrorCode } from '../http/errors.ts';
import { GENESIS_HEADER, NAMESPACE_HEADER, type Identity } from '../http/genesis-check.ts';
import { compileAnswerCheck } from '../http/request-check.ts';
import { INTERNAL_SECRET_HEADER } from '../http/secret-check.ts';

export interface OriginalClient {
  /** Throws when the outcome is not known: unreachable, too slow, or a fault of its own. Asking again is harmless. */
  decide(partition: number, fencingEpoch: number, command: ThingCommand): Promise<Decision | 'not-master'>;
  /** The master and the Thing, in one statement. */
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

export interface OriginalAccess extends Identity {
  readonly url: string;
  /** Of the services. */
  readonly secret: string;
}

export interface HttpOriginalClient extends OriginalClient {
  /** Resolves when Original has answered that it is ours; throws when it does not answer. */
  identify(): Promise<void>;
  /** Rejects with a StartError, which says what to do, as soon as the address is known to lead to somebody else. */
  readonly misled: Promise<never>;
}

const CONNECTIONS_MAX = 32;
const REQUEST_TIMEOUT_MS = 5_000;
/** How long Original waits for its relay, unless it is told otherwise. */
const FEED_ENDS_WAIT_MS = 10_000;

export const createOriginalClient = (access: OriginalAccess): HttpOriginalClient => {
  const pool = new Pool(access.url, {
    connections: CONNECTIONS_MAX,
    connectTimeout: REQUEST_TIMEOUT_MS,
    // Each request has its own limit, which its signal keeps.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const { promise: misled, reject: mislead } = Promise.withResolvers<never>();
  misled.catch(() => undefined);
  const caller = { [GENESIS_HEADER]: access.genesis, [INTERNAL_SECRET_HEADER]: access.secret };

  let isIdentified = false;

  const send = async (
    path: string,
    sent: object | undefined,
    waitMs = 0,
  ): Promise<Dispatcher.ResponseData> => {
    const answer = await pool.request({
      path,
      // From the call on, so that waiting for a connection has an end too.
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS + waitMs),
      ...(sent === undefined
        ? { method: 'GET', headers: caller }
        : {
            method: 'POST',
            headers: { ...caller, 'content-type': 'application/json' },
            body: JSON.stringify(sent),
          }),
    });
    try {
      checkAnswerer(access, answer.headers);
    } catch (error) {
      if (error instanceof StartError) mislead(error);
      await answer.body.dump();
      throw error;
    }
    return answer;
  };
  const identify = async (): Promise<void> => {
    const answer = await send(INTERNAL_IDENTITY_PATH, undefined);
    if (codeOf(answer) === 'forbidden') {
      await answer.body.dump();
      const refused = otherSecret(access);
      mislead(refused);
      throw refused;
    }
    await resultOf((found) => found, answer);
    isIdentified = true;
  };
  /** Identifies Original before the first request: an Original of an older release would serve it without a check. */
  const ask: typeof send = async (...request) => {
    if (!isIdentified) await identify();
    return send(...request);
  };
  const get = async <T>(check: Check<T>, path: string, waitMs?: number): Promise<T> =>
    resultOf(check, await ask(path, undefined, waitMs));
  const moveMastership = async (
    path: string,
    request: InternalFenceBody | InternalAbortBody,
  ): Promise<InternalMastership> => resultOf(asMastership, await ask(path, request));
  return {
    misled,
    identify,
    decide: async (partition, fencingEpoch, command) => {
      const request: InternalDecideBody = {
        partition,
        token: fencingEpoch,
        command: withoutDefaults(command),
      };
      const answer = await ask(INTERNAL_DECIDE_PATH, request);
      if (codeOf(answer) !== 'not-owner') {
        const decision = await resultOf(asDecision, answer);
        return { ...decision, state: completed(decision.state) };
      }
      await answer.body.dump();
      return 'not-master';
    },
    thing: async (id) => {
      const found = await get(asThing, internalThingPath(id));
      return { ...found, thing: completed(found.thing) };
    },
    feedEnds: (waitMs) =>
      get(
        asFeedEnds,
        INTERNAL_FEED_ENDS_PATH + (waitMs === undefined ? '' : `?wait_ms=${Math.floor(waitMs)}`),
        waitMs ?? FEED_ENDS_WAIT_MS,
      ),
    mastership: (partition, past, waitMs = 0) =>
      get(
        asMastership,
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

/** Returns the body of an answer if it is what the contract says; else throws. */
type Check<T> = (body: unknown) => T;

/** `ofJson` takes what fits `schema`. */
const checkOf = <T>(schema: TSchema, ofJson: (json: never) => T): Check<T> => {
  const faultOf = compileAnswerCheck(schema);
  return (body) => {
    const fault = faultOf(body);
    if (fault !== undefined)
      throw new Error(`the Original API answers otherwise than this release understands: ${fault}`);
    return ofJson(body as never);
  };
};
const asDecision = checkOf(INTERNAL_DECISION, (decision: Decision) => decision);
const asThing = checkOf(INTERNAL_THING, internalThingOfJson);
const asMastership = checkOf(INTERNAL_MASTERSHIP, mastershipOfJson);
const asFeedEnds = checkOf(INTERNAL_FEED_ENDS, (ends: number[]) => ends);

const resultOf = async <T>(check: Check<T>, answer: Dispatcher.ResponseData): Promise<T> => {
  const { statusCode, body } = answer;
  if (statusCode === 200) return check(await body.json());
  const message = `the Original API answered ${statusCode}: ${await body.text()}`;
  const code = codeOf(answer);
  throw isErrorCode(code) ? new ApiError(code, message) : new Error(message);
};

/** Original may be of a release that does not know every field. */
const completed = (thing: Thing | null): Thing | null => thing && { ...thing, ...addedFieldsOf(thing) };

const codeOf = ({ headers }: Dispatcher.ResponseData): unknown => headers[ERROR_CODE_HEADER];

/**
 * Throws unless the answer says that it is of our Original: a StartError when it is of another one, else an Error, since a
 * proxy may answer for an Original that is away.
 */
const checkAnswerer = (
  { url, genesis, namespace }: OriginalAccess,
  headers: Dispatcher.ResponseData['headers'],
): void => {
  const answerer = headers[GENESIS_HEADER];
  if (answerer === genesis) return;
  if (answerer === undefined)
    throw new Error(
      `what answers at ORIGINAL_URL=${shown(url)} is not the Original API, or not of this release`,
    );
  const other = headers[NAMESPACE_HEADER];
  throw new StartError(
    `ORIGINAL_URL=${shown(url)} leads to the Original API of genesis ${String(answerer)} (namespace ${String(other)}), this is ${genesis} (namespace ${namespace}): set ORIGINAL_URL to the Original API of this namespace`,
  );
};

const otherSecret = ({ url }: OriginalAccess): StartError =>
  new StartError(
    `the Original API at ORIGINAL_URL=${shown(url)} has another internal secret: give both the same INTERNAL_SECRET, INTERNAL_SECRET_FILE or DATA_DIR`,
  );

/** Without a user and a password. */
const shown = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return origin + (pathname === '/' ? '' : pathname);
};
