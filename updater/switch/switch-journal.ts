/**
 * The switches that lie in the command log, and when each of their steps was seen, per partition. What the journal knows
 * comes from the log alone, so every updater tells the same, whoever carried the switch through; an updater that was
 * away meanwhile knows the result (from the fold), but not the times.
 */
import type { SwitchCommand } from '../../shared/domain/command.ts';
import type { Counted } from '../../shared/domain/fold.ts';
import type { SwitchResult } from '../../shared/domain/switch-result.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { ReadOutcome } from '../../shared/records/outcome-reader.ts';
import type { Time } from '../../shared/process/time.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';

/** Times in milliseconds since 1970. */
export interface JournalEntry {
  readonly id: string;
  readonly partition: number;
  /** In the command log. */
  readonly offset: number;
  readonly to: Api;
  readonly payloadHash: string;
  readonly expectedEpoch: number;
  readonly requestedOn: number;
  readonly deadline: number;
  readonly allowLoss: boolean;
  /** Everything before it was decided: the pause begins. */
  readonly begunOn: number | null;
  /** To Shiny: the fence was read in the outcomes. */
  readonly fencedOn: number | null;
  /** To Original: Shiny has let go. */
  readonly releasedOn: number | null;
  /** The result was read, and the next command can be decided: the pause ends. */
  readonly decidedOn: number | null;
  /** Commands that lay behind it by then. */
  readonly waited: number | null;
}

export interface SwitchJournal {
  /** Commands were read; `position` is what the fold has decided. */
  commandRead(partition: number, offset: number, command: SwitchCommand | undefined, position: number): void;
  outcomeRead(partition: number, record: ReadOutcome, counted: Counted | undefined): void;
  entry(id: string, partition: number): JournalEntry | undefined;
  /** The first switch of the partition that is not decided. */
  open(partition: number): JournalEntry | undefined;
  /** The latest pauses in this direction, milliseconds. */
  pauses(to: Api): readonly number[];
  /** Resolves when a switch or its result was read, or after `waitMs`. */
  changed(waitMs: number): Promise<void>;
}

export interface SwitchJournalParts {
  readonly store: FoldStore;
  readonly partitions: number;
  readonly onDecided: (entry: JournalEntry, result: SwitchResult) => void;
  readonly time: Time;
}

const PAUSES_KEPT_MAX = 200;

export const createSwitchJournal = (parts: SwitchJournalParts): SwitchJournal => {
  const { store, onDecided, time } = parts;
  const table = store.table<[string, number], JournalEntry>('switch-journal');
  const open = Array.from({ length: parts.partitions }, () => new Map<number, JournalEntry>());
  const readThrough = open.map(() => -1);
  const pausesTo: Record<Api, number[]> = { original: [], shiny: [] };
  let waiting: (() => void)[] = [];

  const wakeAll = (): void => {
    for (const wake of waiting) wake();
    waiting = [];
  };
  const save = (entry: JournalEntry): void =>
    store.batch(() => table.set([entry.id, entry.partition], entry));
  const change = (entry: JournalEntry, times: Partial<JournalEntry>): JournalEntry => {
    const changed = { ...entry, ...times };
    open[entry.partition]!.set(entry.offset, changed);
    save(changed);
    return changed;
  };
  const begin = (partition: number, position: number): void => {
    const next = open[partition]!.get(position + 1);
    if (next !== undefined && next.begunOn === null) change(next, { begunOn: time.now() });
  };
  const decide = (entry: JournalEntry, result: SwitchResult): void => {
    const decidedOn = time.now();
    const { partition, offset, to, begunOn } = entry;
    const waited = readThrough[partition]! - offset;
    const decided = change(entry, { decidedOn, waited });
    open[partition]!.delete(offset);
    if (result.result === 'switched' && begunOn !== null) {
      pausesTo[to].push(decidedOn - begunOn);
      if (pausesTo[to].length > PAUSES_KEPT_MAX) pausesTo[to].shift();
    }
    onDecided(decided, result);
    wakeAll();
  };

  return {
    commandRead: (partition, offset, command, position) => {
      readThrough[partition] = Math.max(readThrough[partition]!, offset);
      if (command === undefined) return;
      const { commandId: id, to, payloadHash, expectedEpoch, requestedOn, deadline, allowLoss } = command;
      const asked = {
        id,
        partition,
        offset,
        to,
        payloadHash,
        expectedEpoch,
        requestedOn,
        deadline,
        allowLoss,
      };
      const known = table.get([id, partition]);
      const fresh = {
        ...asked,
        begunOn: null,
        fencedOn: null,
        releasedOn: null,
        decidedOn: null,
        waited: null,
      };
      // A repeated id is let go without a word: its first record tells what became of it.
      if (known !== undefined && known.offset !== offset) return;
      if (known === undefined) save(fresh);
      wakeAll();
      // Another updater may have decided it already.
      if (offset <= position) return;
      open[partition]!.set(offset, known ?? fresh);
      begin(partition, position);
    },
    outcomeRead: (partition, { outcome }, counted) => {
      if (counted === undefined) return;
      if (counted.switchResult !== null) wakeAll();
      if (open[partition]!.size === 0) return;
      const { position } = counted.header;
      const entry = open[partition]!.get(position + 1);
      if (entry !== undefined && outcome.type === 'released') change(entry, { releasedOn: time.now() });
      if (entry !== undefined && outcome.type === 'observed' && outcome.fence !== null)
        change(entry, { fencedOn: time.now() });
      const decided = counted.switchResult === null ? undefined : open[partition]!.get(position);
      if (decided !== undefined) decide(decided, counted.switchResult!);
      begin(partition, position);
    },
    entry: (id, partition) => table.get([id, partition]),
    open: (partition) => {
      const [first] = [...open[partition]!.keys()].toSorted((a, b) => a - b);
      return first === undefined ? undefined : open[partition]!.get(first);
    },
    pauses: (to) => pausesTo[to],
    changed: async (waitMs) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = time.after(waitMs, resolve);
      waiting.push(resolve);
      await promise;
      cancel();
      waiting = waiting.filter((wake) => wake !== resolve);
    },
  };
};

/** How long commands of the partition waited for the switch; null when it did not end, or nobody saw it begin. */
export const pauseMs = ({ begunOn, decidedOn }: JournalEntry): number | null =>
  begunOn === null || decidedOn === null ? null : Math.max(0, decidedOn - begunOn);
