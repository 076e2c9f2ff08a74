/**
 * Which outcomes count, judged anew from the table of docs/architecture.md: no code of shared/domain/fold.ts is used, so
 * that a mistake there does not excuse itself here. One row per kind of record: when it fits, and what it moves.
 */
import { hash } from 'node:crypto';
import type { Genesis, Observed, Outcome } from '../../shared/domain/outcome.ts';
import type { Api } from '../../shared/domain/thing.ts';

/** Where the chain of one partition has got to. */
export interface Chain {
  genesis: Genesis | null;
  master: Api;
  epoch: number;
  /** The epoch of the last change of master. */
  masterSinceEpoch: number;
  /** Offset of the last decided command. */
  position: number;
  digest: string;
  feedPosition: number;
  /** Number of the last entry of Original that counted. */
  entryNumber: number;
  /** The epoch for which Shiny has let go, while that switch is open. */
  released: number | null;
  /** The epoch of the fence that was observed, while its switch is open. */
  fence: number | null;
}

export const newChain = (): Chain => ({
  genesis: null,
  master: 'original',
  epoch: 0,
  masterSinceEpoch: 0,
  position: -1,
  digest: '',
  feedPosition: -1,
  entryNumber: 0,
  released: null,
  fence: null,
});

/** Moves `chain` past a record. False, and nothing moved, when it does not count. */
export const follow = (chain: Chain, outcome: Outcome, bytes: Uint8Array): boolean => {
  // The table has one entry per type; TypeScript cannot tie the entry found to the type that found it.
  const row = TABLE[outcome.type] as Row<Outcome>;
  if (outcome.type !== 'genesis' && chain.genesis === null) return false;
  if (isLink(outcome) && !isNextLink(chain, outcome)) return false;
  if (!row.fits(chain, outcome)) return false;
  row.move(chain, outcome);
  if (outcome.type !== 'observed') chain.digest = digestAfter(chain.digest, bytes);
  return true;
};

/** 128 bits of SHA-256 over the digest before (as text) and the bytes of the link: fingerprint of its schema, and payload. */
export const digestAfter = (digest: string, bytes: Uint8Array): string =>
  hash('sha256', Buffer.concat([Buffer.from(digest), bytes]), 'hex').slice(0, 32);

type Link = Exclude<Outcome, Genesis | Observed>;

interface Row<R> {
  readonly fits: (chain: Chain, record: R) => boolean;
  readonly move: (chain: Chain, record: R) => void;
}

const isLink = (outcome: Outcome): outcome is Link =>
  outcome.type !== 'genesis' && outcome.type !== 'observed';

const isNextLink = (chain: Chain, link: Link): boolean =>
  link.previousOffset === chain.position && link.previousDigest === chain.digest;

const closeSwitch = (chain: Chain, epoch: number, position: number): void => {
  chain.epoch = epoch;
  chain.position = position;
  chain.released = null;
  chain.fence = null;
};

const TABLE: { readonly [T in Outcome['type']]: Row<Extract<Outcome, { readonly type: T }>> } = {
  genesis: {
    fits: (chain) => chain.genesis === null,
    move: (chain, genesis) => {
      chain.genesis = genesis;
      chain.master = genesis.master;
    },
  },
  decided: {
    fits: (chain, { epoch }) => epoch === chain.epoch && chain.released === null,
    move: (chain, { offset }) => {
      chain.position = offset;
    },
  },
  skipped: {
    fits: (chain, { epoch }) => epoch === chain.epoch && chain.released === null,
    move: (chain, { offset }) => {
      chain.position = offset;
    },
  },
  invalid: {
    fits: (chain, { epoch }) => epoch === chain.epoch && chain.released === null,
    move: (chain, { offset }) => {
      chain.position = offset;
    },
  },
  released: {
    fits: (chain, { epoch }) =>
      epoch === chain.epoch + 1 && chain.master === 'shiny' && chain.released === null,
    move: (chain, { epoch }) => {
      chain.released = epoch;
    },
  },
  refused: {
    fits: (chain, { epoch }) => epoch === chain.epoch + 1,
    move: (chain, { epoch, offset }) => closeSwitch(chain, epoch, offset),
  },
  switched: {
    fits: (chain, { epoch, master }) =>
      epoch === chain.epoch + 1 && (master === 'original' ? chain.released : chain.fence) === epoch,
    move: (chain, { epoch, offset, master }) => {
      closeSwitch(chain, epoch, offset);
      chain.master = master;
      chain.masterSinceEpoch = epoch;
    },
  },
  observed: {
    fits: (chain, { previousFeedOffset, number }) =>
      chain.master === 'original' &&
      previousFeedOffset === chain.feedPosition &&
      (number ?? 0) <= chain.entryNumber + 1,
    move: (chain, { feedOffset, number, fence }) => {
      chain.feedPosition = feedOffset;
      // An entry that came before brings nothing, and neither does an invalid one.
      if (number !== chain.entryNumber + 1) return;
      chain.entryNumber = number;
      if (fence?.epoch === chain.epoch + 1) chain.fence = fence.epoch;
    },
  },
};
