/** One operation over HTTP, and what it came to, in the words of the history (proof/checker/history.ts). */
import { Pool } from 'undici';
import type { HistoryLine, OperationKind } from '../checker/history.ts';
import { seenThing } from '../checker/seen-thing.ts';
import { ERROR_CODE_HEADER, isDefinite } from '../../shared/http/errors.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { OriginalThing, ShinyThing } from '../../shared/domain/mapping.ts';

export interface Operation {
  readonly kind: OperationKind;
  readonly commandId?: string;
  readonly thingId?: number;
  readonly sent?: { readonly name: string; readonly foo: number };
  readonly version?: number;
}

export type Outcome = Pick<HistoryLine, 'outcome' | 'status' | 'thing' | 'code' | 'currentVersion'>;

export interface LoadClient {
  /** Never throws: no answer is an unknown outcome. */
  attempt(api: Api, operation: Operation): Promise<Outcome>;
  close(): Promise<void>;
}

/** Longer than an API waits for an outcome. */
const TIMEOUT_MS = 20_000;

export const createLoadClient = (
  urls: Readonly<Record<Api, string>>,
  connections: number,
  /** Of every write. */
  writeHeaders: Readonly<Record<string, string>> = {},
): LoadClient => {
  const options = {
    connections,
    connectTimeout: TIMEOUT_MS,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  };
  const pools = { original: new Pool(urls.original, options), shiny: new Pool(urls.shiny, options) };

  return {
    attempt: async (api, operation) => {
      const { method, path, headers, body } = requestOf(api, operation);
      const sent = method === 'GET' ? headers : { ...writeHeaders, ...headers };
      try {
        const answer = await pools[api].request({ method, path, headers: sent, body: body ?? null });
        return outcomeOf(
          operation,
          answer.statusCode,
          answer.headers[ERROR_CODE_HEADER],
          await answer.body.text(),
        );
      } catch (error) {
        // Nothing was sent if nobody listens.
        const isRefused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
        return { outcome: isRefused ? 'refused' : 'unknown', status: null };
      }
    },
    close: async () => {
      await Promise.all([pools.original.destroy(), pools.shiny.destroy()]);
    },
  };
};

const requestOf = (api: Api, { kind, commandId, thingId, sent, version }: Operation) => {
  const path = thingId === undefined ? '/api/things/' : `/api/things/${thingId}`;
  if (kind === 'read' || kind === 'read-latest') {
    const headers: Record<string, string> = kind === 'read' ? {} : { 'cache-control': 'no-cache' };
    return { method: 'GET', path, headers } as const;
  }
  const key = { 'idempotency-key': commandId! };
  if (kind === 'delete')
    return { method: 'DELETE', path: `${path}?version=${version}`, headers: key } as const;
  const shownVersion = api === 'shiny' ? String(version) : version;
  const body = JSON.stringify(kind === 'create' ? sent : { ...sent, version: shownVersion });
  return { method: 'POST', path, headers: { ...key, 'content-type': 'application/json' }, body } as const;
};

const CODES: Readonly<Record<number, NonNullable<HistoryLine['code']>>> = {
  404: 'absent',
  409: 'conflict',
  422: 'reused',
};

const outcomeOf = ({ kind }: Operation, status: number, errorCode: unknown, text: string): Outcome => {
  if (status === 200)
    return { outcome: 'accepted', status, thing: seenThing(JSON.parse(text) as OriginalThing | ShinyThing) };
  const code = CODES[status] ?? (status === 400 && kind !== 'create' ? 'readonly' : undefined);
  if (code !== undefined) {
    const [, currentVersion] = /is at version (\d+)/.exec(text) ?? [];
    return {
      outcome: 'conflict',
      status,
      code,
      ...(currentVersion === undefined ? {} : { currentVersion: Number(currentVersion) }),
    };
  }
  return { outcome: isDefinite(status, errorCode) ? 'refused' : 'unknown', status };
};
