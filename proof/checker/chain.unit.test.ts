import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Genesis, Outcome } from '../../shared/domain/outcome.ts';
import type { Api } from '../../shared/domain/thing.ts';
import { follow, newChain, type Chain } from './chain.ts';

const BYTES = Buffer.from('the bytes');
const genesis = (master: Api): Genesis => ({
  type: 'genesis',
  id: 'g',
  format: 2,
  partitions: 1,
  master,
});
const begun = (master: Api, change: Partial<Chain> = {}): Chain => {
  const chain = newChain();
  expect(follow(chain, genesis(master), BYTES)).toBe(true);
  return Object.assign(chain, change);
};
const linkOf = (chain: Chain) => ({
  previousOffset: chain.position,
  previousDigest: chain.digest,
  commandId: 'c',
});
const answer = {
  commandId: 'c',
  payloadHash: '',
  commandType: 'mark',
  thingId: null,
  code: 'accepted',
  currentVersion: null,
  field: null,
} as const;
const decided = (chain: Chain, epoch = chain.epoch): Outcome => ({
  type: 'decided',
  feature: null,
  ...linkOf(chain),
  epoch,
  offset: chain.position + 1,
  answer,
  state: null,
});
const switchEnd = (chain: Chain, type: 'refused' | 'skipped', epoch: number): Outcome => ({
  type,
  ...linkOf(chain),
  epoch,
  offset: chain.position + 1,
  reason: '',
});
const released = (chain: Chain, epoch: number): Outcome => ({ type: 'released', ...linkOf(chain), epoch });
const switched = (chain: Chain, master: Api, epoch: number): Outcome => ({
  type: 'switched',
  ...linkOf(chain),
  epoch,
  offset: chain.position + 1,
  master,
});
const observed = (feedOffset: number, previousFeedOffset: number, fence: number | null = null): Outcome => ({
  type: 'observed',
  feedOffset,
  previousFeedOffset,
  number: feedOffset + 1,
  epoch: 0,
  state: null,
  answer: null,
  fence: fence === null ? null : { epoch: fence, idFloor: 0 },
});
const takes = (chain: Chain, outcome: Outcome): void => expect(follow(chain, outcome, BYTES)).toBe(true);
const ignores = (chain: Chain, outcome: Outcome): void => {
  const before = { ...chain };
  expect(follow(chain, outcome, BYTES)).toBe(false);
  expect(chain).toEqual(before);
};

describe('the chain', () => {
  test('nothing counts before genesis, and genesis counts once', () => {
    ignores(newChain(), decided(newChain()));
    ignores(newChain(), observed(0, -1));
    ignores(begun('shiny'), genesis('original'));
    expect(begun('shiny').master).toBe('shiny');
  });
  test('the digest runs over the bytes of all counted links', () => {
    const sum = (text: string | Buffer) => createHash('sha256').update(text).digest('hex').slice(0, 32);
    const chain = begun('shiny');
    const first = sum(BYTES);
    expect(chain.digest).toBe(first);
    takes(chain, decided(chain));
    expect(chain.digest).toBe(sum(`${first}the bytes`));
  });
  test('a link must name offset and digest before it', () => {
    const chain = begun('shiny');
    ignores(chain, { ...decided(chain), previousDigest: '' } as Outcome);
    ignores(chain, { ...decided(chain), previousOffset: 0 } as Outcome);
    const twin = decided(chain);
    takes(chain, decided(chain));
    ignores(chain, twin);
    expect(chain.position).toBe(0);
  });
  test('decided and skipped are of the present epoch, and not while Shiny has let go', () => {
    const chain = begun('shiny');
    ignores(chain, decided(chain, 1));
    takes(chain, released(chain, 1));
    ignores(chain, decided(chain));
    ignores(chain, switchEnd(chain, 'skipped', 0));
  });
  test('Shiny alone lets go, once, for the next epoch', () => {
    const original = begun('original');
    ignores(original, released(original, 1));
    const shiny = begun('shiny');
    ignores(shiny, released(shiny, 0));
    ignores(shiny, released(shiny, 2));
    takes(shiny, released(shiny, 1));
    ignores(shiny, released(shiny, 1));
  });
  test('a refused switch moves the epoch and ends the release; one that does not fit moves neither', () => {
    const chain = begun('shiny', { fence: 1 });
    takes(chain, switchEnd(chain, 'skipped', 0));
    expect(chain).toMatchObject({ epoch: 0, position: 0 });
    ignores(chain, switchEnd(chain, 'skipped', 1));
    takes(chain, released(chain, 1));
    ignores(chain, switchEnd(chain, 'refused', 0));
    takes(chain, switchEnd(chain, 'refused', 1));
    expect(chain).toMatchObject({
      epoch: 1,
      masterSinceEpoch: 0,
      released: null,
      fence: null,
      master: 'shiny',
      position: 1,
    });
  });
  test('Original takes over after the release of that epoch', () => {
    const chain = begun('shiny', { fence: 1 });
    ignores(chain, switched(chain, 'original', 1));
    takes(chain, released(chain, 1));
    ignores(chain, switched(chain, 'original', 2));
    takes(chain, switched(chain, 'original', 1));
    expect(chain).toMatchObject({ master: 'original', epoch: 1, masterSinceEpoch: 1, released: null });
  });
  test('Shiny takes over after the fence of that epoch was observed', () => {
    const chain = begun('original');
    ignores(chain, switched(chain, 'shiny', 1));
    takes(chain, observed(0, -1, 2));
    ignores(chain, switched(chain, 'shiny', 1));
    takes(chain, observed(1, 0, 1));
    takes(chain, observed(2, 1, 0));
    takes(chain, switched(chain, 'shiny', 1));
    expect(chain).toMatchObject({ master: 'shiny', epoch: 1, masterSinceEpoch: 1, fence: null });
  });
  test('an entry of the feed counts behind the one before it, under Original, and is no link', () => {
    const chain = begun('original');
    const { digest } = chain;
    ignores(chain, observed(0, 0));
    takes(chain, observed(0, -1));
    expect(chain).toMatchObject({ digest, feedPosition: 0, entryNumber: 1, position: -1 });
    ignores(chain, { ...observed(1, 0), number: 3 } as Outcome);
    takes(chain, { ...observed(1, 0), number: 1 } as Outcome);
    takes(chain, { ...observed(2, 1), number: null } as Outcome);
    takes(chain, { ...observed(3, 2), number: 2 } as Outcome);
    expect(chain).toMatchObject({ digest, feedPosition: 3, entryNumber: 2 });
    const shiny = begun('shiny');
    ignores(shiny, observed(0, -1));
  });
});
