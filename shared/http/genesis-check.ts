/**
 * Every request between services names the genesis of the caller, every answer the genesis of Original. So a wrong
 * ORIGINAL_URL, which leads to another namespace, decides, fences and shows nothing there.
 */
import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';
import { headerValues } from './request-headers.ts';

export const GENESIS_HEADER = 'x-playground-genesis';
export const NAMESPACE_HEADER = 'x-playground-namespace';

export interface Identity {
  readonly namespace: string;
  /** The id of its genesis. */
  readonly genesis: string;
}

/** Throws 421 `other-genesis` unless the caller has named ours. */
export const checkGenesis = (message: IncomingMessage, { genesis, namespace }: Identity): void => {
  const given = headerValues(message, GENESIS_HEADER);
  if (given.length === 1 && given[0] === genesis) return;
  const caller =
    given.length === 0 ? 'the caller names none' : `the caller is of genesis ${given.join(', ')}`;
  throw new ApiError(
    'other-genesis',
    `this is the Original API of genesis ${genesis} (namespace ${namespace}), and ${caller}; nothing was done`,
  );
};
