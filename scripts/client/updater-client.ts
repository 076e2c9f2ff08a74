/** Talks to the updater over HTTP. */
import { bearerHeaders } from './config.ts';
import { ERROR_CODE_HEADER, isDefinite } from '../../shared/http/errors.ts';
import { EXIT, CommandFault, type ExitStatus } from './exit.ts';
import type { FeaturesJson } from '../../shared/contracts/features.ts';
import type {
  MastershipJson,
  SwitchBody,
  SwitchJson,
  PartitionPrecheck,
} from '../../shared/contracts/switches.ts';

export interface UpdaterClient {
  mastership(): Promise<MastershipJson>;
  dryRun(body: SwitchBody): Promise<readonly PartitionPrecheck[]>;
  /** Returns as soon as it is in the log. */
  begin(id: string, body: SwitchBody): Promise<SwitchJson>;
  switchOf(id: string): Promise<SwitchJson>;
  features(): Promise<FeaturesJson>;
  /** Returns when it is enabled in every partition. */
  enable(feature: string, id: string): Promise<FeaturesJson>;
}

const TIMEOUT_MS = 10_000;

/** Throws CommandFault. */
export const createUpdaterClient = (url: string): UpdaterClient => {
  const ask = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const writes = init.method === 'POST';
    let response: Response;
    try {
      response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
      const isRefused = cause?.code === 'ECONNREFUSED';
      throw new CommandFault(
        writes && !isRefused ? EXIT.notKnown : EXIT.refused,
        `the updater at ${url} does not answer: ${cause?.message ?? message}`,
      );
    }
    const body = (await response.json().catch(() => undefined)) as T & { 'error-message'?: string };
    if (typeof body !== 'object' || body === null)
      throw new CommandFault(
        EXIT.notKnown,
        `what answers at ${url} with ${response.status} is not the updater: no JSON`,
      );
    if (response.ok) return body;
    throw new CommandFault(
      exitStatusOf(response, writes),
      body['error-message'] ?? `the updater answered ${response.status}`,
    );
  };
  const post = <T>(path: string, body: object, headers: Record<string, string>): Promise<T> =>
    ask<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearerHeaders(), ...headers },
      body: JSON.stringify(body),
    });

  return {
    mastership: () => ask<MastershipJson>('/api/mastership'),
    dryRun: async (body) =>
      (await post<{ partitions: PartitionPrecheck[] }>('/api/switches', { ...body, dry_run: true }, {}))
        .partitions,
    begin: (id, body) =>
      post<SwitchJson>('/api/switches', body, { 'idempotency-key': id, prefer: 'respond-async' }),
    features: () => ask<FeaturesJson>('/api/features'),
    enable: (feature, id) => post<FeaturesJson>('/api/features', { feature }, { 'idempotency-key': id }),
    switchOf: (id) => ask<SwitchJson>(`/api/switches/${encodeURIComponent(id)}`),
  };
};

/** For a read, a status of 500 or above means "not known". For a write, the error code may say that the result is definite. */
const exitStatusOf = ({ status, headers }: Response, isWrite: boolean): ExitStatus => {
  if (status === 400) return EXIT.usage;
  const isKnown = isWrite ? isDefinite(status, headers.get(ERROR_CODE_HEADER)) : status < 500;
  return isKnown ? EXIT.refused : EXIT.notKnown;
};
