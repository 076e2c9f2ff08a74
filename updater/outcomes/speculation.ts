/**
 * The updater's own decisions that it has not read back yet, laid over the fold, so that it need not wait for each of
 * them. The digest of the chain makes this safe at any depth (P3): if somebody else's decision counts instead, none of ours
 * behind it fits any more. They are confirmed by reading them back; if what is read differs, all of them are dropped.
 */
import type { StoredAnswer } from '../../shared/domain/answer.ts';
import type { DecideState } from '../../shared/domain/decide.ts';
import { evolve, isNewer, type Counted } from '../../shared/domain/fold.ts';
import { type PartitionHeader, type PartitionState } from '../../shared/domain/partition-state.ts';
import type { OutcomeRecord } from '../../shared/domain/outcome.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import type { ReadOutcome } from '../../shared/records/outcome-reader.ts';

/** A decision of ours; `countedAt` and `appendedAt` differ when somebody else wrote the same bytes first. */
export interface Unread {
  readonly bytes: Uint8Array;
  countedAt: number | undefined;
  appendedAt: number | undefined;
}

export interface Speculation extends DecideState {
  /** Number of decisions that were not read back. */
  unread(): number;
  /** Lays a decision of ours over the fold. */
  add(record: OutcomeRecord): Unread;
  /**
   * A record was read and folded. Returns the decision of ours that it confirms, or 'dropped' when it is not what we
   * expected: all of ours are gone then.
   */
  read(record: ReadOutcome, counted: Counted | undefined): Unread | 'dropped' | undefined;
  drop(): void;
}

export const createSpeculation = (state: PartitionState): Speculation => {
  let header: PartitionHeader = state.header;
  let unread: Unread[] = [];
  const things = new Map<number, Thing>();
  const answers = new Map<string, StoredAnswer>();

  const known = (commandId: string): StoredAnswer | undefined =>
    answers.get(commandId) ?? state.answers.get(commandId);
  const drop = (): void => {
    header = state.header;
    unread = [];
    things.clear();
    answers.clear();
  };

  return {
    get header() {
      return header;
    },
    thing: (id) => things.get(id) ?? state.things.get(id),
    answer: known,
    unread: () => unread.length,
    add: (record) => {
      const counted = evolve(header, record);
      if (counted === undefined) throw new Error('a decision of our own does not fit behind our own state');
      header = counted.header;
      // P11: a repeat carries the state of its time.
      const { state: made } = counted;
      if (made !== null && isNewer(made, things.get(made.id) ?? state.things.get(made.id)))
        things.set(made.id, made);
      const { answer } = counted;
      if (answer !== null && known(answer.answer.commandId) === undefined)
        answers.set(answer.answer.commandId, answer);
      const mine: Unread = { bytes: record.bytes, countedAt: undefined, appendedAt: undefined };
      unread.push(mine);
      return mine;
    },
    read: (record, counted) => {
      if (counted === undefined) return undefined;
      const [mine] = unread;
      if (mine === undefined) {
        drop();
        return undefined;
      }
      if (record.outcome.type === 'observed') {
        // Not a link of the chain: our decisions stay where they are.
        const after = evolve(header, record);
        if (after !== undefined) header = after.header;
        else drop();
        return after === undefined ? 'dropped' : undefined;
      }
      if (Buffer.compare(mine.bytes, record.bytes) !== 0) {
        drop();
        return 'dropped';
      }
      mine.countedAt = record.offset;
      unread.shift();
      if (unread.length === 0) drop();
      return mine;
    },
    drop,
  };
};
