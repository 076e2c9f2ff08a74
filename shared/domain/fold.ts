/**
 * How the log is read: the only way any process learns anything. Updater, view and mirror all use this fold.
 *
 * The problem. Nothing fences updaters from each other: two may decide the same command, one may be paused for minutes
 * and then go on writing, two may be of different releases. So the log holds records that must not count.
 *
 * The argument. Whether a record counts depends on nothing but the records before it, and every reader judges alike.
 * A decision names its predecessor by offset and by a digest over the bytes of all counted links before it (P3):
 * with the offset alone, a decision that was computed from another updater's losing decision would still fit. An
 * observed entry names the feed offset before it, so that a lost one leaves no hole (P4), and its own number, so
 * that one that never reached the feed leaves none either (P16). Whatever does not count is a
 * duplicate or comes from a stale updater; ignoring it is a no-op for everybody.
 *
 * Rejected: a lease or a leader (safety would hang on clocks), Kafka transactions (the Node clients cannot recover a
 * failed commit), last-writer-wins by time.
 */
import { hash } from 'node:crypto';
import type { StoredAnswer } from './answer.ts';
import { withFeature } from './features.ts';
import { isLossy, mappedToOriginal } from './mapping.ts';
import type { Decided, Genesis, Skipped, Observed, OutcomeRecord, Refused, Switched } from './outcome.ts';
import type { SwitchResult } from './switch-result.ts';
import type { PartitionHeader, PartitionState } from './partition-state.ts';
import type { Thing } from './thing.ts';

/** What a counted record changes. */
export interface Counted {
  readonly header: PartitionHeader;
  /** To be taken if its version is higher (P11). */
  readonly state: Thing | null;
  /** To be kept unless the command id has one already: the first answer stays (P2, P14). */
  readonly answer: StoredAnswer | null;
  /** The same for a switch. */
  readonly switchResult: SwitchResult | null;
}

export interface Folded extends Counted {
  /** Things whose value changed without a new version: they became what Original had made of them. */
  readonly mapped: readonly Thing[];
}

/**
 * Reads one record into `state`. Returns what counted, or undefined for a record that does not count.
 * Deterministic and total.
 */
export const fold = (state: PartitionState, record: OutcomeRecord): Folded | undefined => {
  const master = state.header.master;
  const counted = evolve(state.header, record);
  if (counted === undefined) return undefined;
  state.header = counted.header;
  if (counted.state !== null) takeState(state, counted.state);
  const { answer, switchResult } = counted;
  if (answer !== null && state.answers.get(answer.answer.commandId) === undefined) {
    state.answers.set(answer.answer.commandId, answer);
  }
  if (switchResult !== null && state.switches.get(switchResult.commandId) === undefined) {
    state.switches.set(switchResult.commandId, switchResult);
  }
  const backToOriginal = master === 'shiny' && counted.header.master === 'original';
  return { ...counted, mapped: backToOriginal ? mapLossy(state) : NONE };
};

const NONE: readonly Thing[] = [];

const takeState = ({ things, lossy }: PartitionState, thing: Thing): void => {
  const known = things.get(thing.id);
  if (!isNewer(thing, known)) return;
  things.set(thing.id, thing);
  if (isLossy(thing)) lossy.add(thing.id);
  else if (known !== undefined && isLossy(known)) lossy.delete(thing.id);
};

/** The documented mapping, so that both stores stay equal: what Original has no room for becomes what it holds. */
const mapLossy = ({ things, lossy }: PartitionState): readonly Thing[] => {
  const mapped = [...lossy].map((id) => mappedToOriginal(things.get(id)!));
  for (const thing of mapped) {
    things.set(thing.id, thing);
    lossy.delete(thing.id);
  }
  return mapped;
};

/** P11: for every kind of record, in both masters' time. */
export const isNewer = (state: Thing, known: Thing | undefined): boolean =>
  known === undefined || state.version > known.version;

/** Does the record count, and what does it change? The table of docs/architecture.md, row by row. */
export const evolve = (header: PartitionHeader, record: OutcomeRecord): Counted | undefined => {
  const { outcome } = record;
  if (outcome.type === 'genesis') return evolveGenesis(header, outcome, record);
  if (header.genesis === null) return undefined;
  if (outcome.type === 'observed') return evolveObserved(header, outcome, record);
  if (outcome.previousOffset !== header.position || outcome.previousDigest !== header.digest)
    return undefined;

  const next = outcome.epoch === header.epoch + 1;
  switch (outcome.type) {
    case 'decided':
      return outcome.epoch === header.epoch && header.released === null
        ? evolveDecided(header, outcome, record)
        : undefined;
    case 'skipped':
      return outcome.epoch === header.epoch && header.released === null
        ? switchDecided(header, record, outcome, { position: outcome.offset })
        : undefined;
    case 'invalid':
      return outcome.epoch === header.epoch && header.released === null
        ? chained(header, record, { position: outcome.offset })
        : undefined;
    case 'released':
      return next && header.master === 'shiny' && header.released === null
        ? chained(header, record, { released: outcome.epoch })
        : undefined;
    case 'refused':
      return next
        ? switchDecided(header, record, outcome, {
            position: outcome.offset,
            epoch: outcome.epoch,
            released: null,
            fence: null,
          })
        : undefined;
    case 'switched':
      return next && mayTakeOver(header, outcome)
        ? switchDecided(header, record, outcome, takeOver(header, outcome))
        : undefined;
  }
};

const evolveGenesis = (
  header: PartitionHeader,
  genesis: Genesis,
  record: OutcomeRecord,
): Counted | undefined =>
  header.genesis === null ? chained(header, record, { genesis, master: genesis.master }) : undefined;

const evolveDecided = (header: PartitionHeader, decided: Decided, record: OutcomeRecord): Counted => ({
  ...chained(header, record, {
    position: decided.offset,
    idFloor: idFloorWith(header, decided.state),
    features: decided.feature === null ? header.features : withFeature(header.features, decided.feature),
  }),
  state: decided.state,
  answer: stored(header, decided, record),
});

const switchDecided = (
  header: PartitionHeader,
  record: OutcomeRecord,
  outcome: Skipped | Refused | Switched,
  change: Partial<PartitionHeader>,
): Counted => ({
  ...chained(header, record, change),
  switchResult: {
    commandId: outcome.commandId,
    result: outcome.type,
    epoch: outcome.epoch,
    reason: 'reason' in outcome ? outcome.reason : null,
    decidedOn: record.timestamp,
  },
});

const evolveObserved = (
  header: PartitionHeader,
  observed: Observed,
  record: OutcomeRecord,
): Counted | undefined => {
  if (header.master !== 'original' || observed.previousFeedOffset !== header.feedPosition) return undefined;
  const { feedOffset: feedPosition, number } = observed;
  // P16, P17: an invalid or repeated entry moves feedPosition and changes nothing else; after a missing entry nothing counts.
  if (number === null || number <= header.entryNumber)
    return { header: { ...header, feedPosition }, state: null, answer: null, switchResult: null };
  if (number > header.entryNumber + 1) return undefined;
  const fence = observed.fence?.epoch === header.epoch + 1 ? observed.fence : header.fence;
  return {
    header: {
      ...header,
      feedPosition,
      entryNumber: number,
      fence,
      idFloor: idFloorWith(header, observed.state),
    },
    state: observed.state,
    answer:
      observed.answer === null ? null : stored(header, { ...observed, answer: observed.answer }, record),
    switchResult: null,
  };
};

/** P5, P8: may a switch to `master` in `epoch` count behind `header`? The fold judges, not the updater, which only waits for it. */
export const mayTakeOver = (
  header: PartitionHeader,
  { master, epoch }: Pick<Switched, 'master' | 'epoch'>,
): boolean => (master === 'shiny' ? header.fence?.epoch === epoch : header.released === epoch);

const takeOver = (header: PartitionHeader, switched: Switched): Partial<PartitionHeader> => ({
  position: switched.offset,
  master: switched.master,
  epoch: switched.epoch,
  masterSinceEpoch: switched.epoch,
  idFloor: Math.max(header.idFloor, header.fence?.idFloor ?? 0),
  released: null,
  fence: null,
});

const chained = (
  header: PartitionHeader,
  record: OutcomeRecord,
  change: Partial<PartitionHeader>,
): Counted => ({
  header: { ...header, ...change, digest: linkDigest(header.digest, record.bytes) },
  state: null,
  answer: null,
  switchResult: null,
});

/** 128 bits, hexadecimal. */
const linkDigest = (previous: string, bytes: Uint8Array): string =>
  hash('sha256', joined(previous, bytes), 'hex').slice(0, 32);

/** Nearly every record fits; it spares an allocation for each. */
const SCRATCH = Buffer.allocUnsafe(4_096);

const joined = (previous: string, bytes: Uint8Array): Uint8Array => {
  const end = previous.length + bytes.length;
  if (end > SCRATCH.length) return Buffer.concat([Buffer.from(previous, 'latin1'), bytes]);
  SCRATCH.write(previous, 0, 'latin1');
  SCRATCH.set(bytes, previous.length);
  return SCRATCH.subarray(0, end);
};

const idFloorWith = (header: PartitionHeader, state: Thing | null): number =>
  state === null ? header.idFloor : Math.max(header.idFloor, state.id);

const stored = (
  header: PartitionHeader,
  { answer, state, epoch }: Pick<Decided, 'answer' | 'state' | 'epoch'>,
  record: OutcomeRecord,
): StoredAnswer | null =>
  // A 422 is never stored: it may count before the first answer to its command id.
  answer.code === 'reused'
    ? null
    : { answer, state, decidedBy: header.master, epoch, decidedOn: record.timestamp };

/** A link of the chain that is written behind `header`. */
export const linkAfter = (header: PartitionHeader): { previousOffset: number; previousDigest: string } => ({
  previousOffset: header.position,
  previousDigest: header.digest,
});
