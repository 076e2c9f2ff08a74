/** Original's Things in memory, for tests: the same contract as Postgres, without its transactions running at once. */
import { accepted, refused, repeated, type Decision } from '../../shared/domain/answer.ts';
import { directRequest, type ThingCommand } from '../../shared/domain/command.ts';
import { decideChange } from '../../shared/domain/decide.ts';
import { isNewer } from '../../shared/domain/fold.ts';
import { emptyHeader } from '../../shared/domain/partition-state.ts';
import { clampedOriginalFoo, originalFoo } from '../../shared/domain/mapping.ts';
import { nextThingId } from '../../shared/domain/partition.ts';
import { createThing, type Api, type Thing } from '../../shared/domain/thing.ts';
import type { OriginalEntry } from '../../shared/domain/outcome.ts';
import { DatabaseBehindError } from './database-errors.ts';
import type {
  Mastership,
  MirrorCheckpoint,
  ThingStore,
  OutboxEntry,
  PartitionFacts,
  StoreSession,
} from './thing-store.ts';

type Unnumbered = Omit<OutboxEntry, 'entry'> & { readonly entry: Omit<OriginalEntry, 'type' | 'number'> };

const numbered = (entries: readonly Unnumbered[], removed: readonly number[]): OutboxEntry[] => {
  const last = [...removed];
  return entries.map(({ entry, ...place }) => {
    const number = (last[place.partition]! += 1);
    return { ...place, entry: { type: 'original-entry', number, ...entry } };
  });
};

/** As a database is: what was captured can be put back, and then knows nothing of what came after it. */
export interface MemoryThingStore extends ThingStore {
  /** Returns what puts the store back to how it is now. */
  capture(): () => void;
}

export const memoryThingStore = (partitions: number, firstMaster: Api): MemoryThingStore => {
  const things = new Map<number, Thing>();
  const answers = new Map<string, Map<number, Decision>>();
  const mastership = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    master: firstMaster,
    epoch: 0,
    masterSinceEpoch: 0,
    idFloor: 0,
    refusedReason: null as string | null,
  }));
  const mirror: MirrorCheckpoint[] = mastership.map(({ partition }) => ({
    nextOffset: 0,
    header: emptyHeader(partition),
  }));
  const wakers: ((isUrgent: boolean) => void)[] = [];
  const verifiers: ((session: StoreSession) => Promise<void>)[] = [];
  let isNewSession = false;
  /** Without their numbers, which they get when they are read. */
  let outbox: Unnumbered[] = [];
  /** Number of the last entry that was published and removed, by partition (P16). */
  const removed = mastership.map(() => 0);
  let outboxId = 0;

  const row = (partition: number): Mastership => {
    const { master, epoch, masterSinceEpoch, refusedReason } = mastership[partition]!;
    return { master, epoch, masterSinceEpoch, refusedReason };
  };
  /** The compare-and-set of the row. */
  const moveEpoch = (
    partition: number,
    epoch: number,
    from: Api | undefined,
    change: { master?: Api; refusedReason: string | null },
  ): boolean => {
    const row = mastership[partition]!;
    if (row.epoch !== epoch - 1 || (from !== undefined && row.master !== from)) return false;
    Object.assign(row, change, { epoch, ...(change.master !== undefined && { masterSinceEpoch: epoch }) });
    return true;
  };
  const facts = (): PartitionFacts[] =>
    mastership.map(({ partition, master, epoch }) => ({
      partition,
      master,
      epoch,
      removed: removed[partition]!,
      waiting: outbox.filter((entry) => entry.partition === partition).length,
      waitingMs: 0,
      mirrored: mirror[partition]!.nextOffset,
    }));
  const missing: ThingStore['missing'] = async (versions) =>
    versions.filter(({ id, version }) => (things.get(id)?.version ?? -1) < version);
  /** Who is put back has lost its connections. */
  const verifySession = async (): Promise<void> => {
    if (!isNewSession) return;
    isNewSession = false;
    const session = { partitionFacts: async () => facts(), missing };
    for (const verify of verifiers) await verify(session);
  };
  const wakeRelay = (isUrgent: boolean): void => {
    for (const wake of wakers) wake(isUrgent);
  };
  const addToOutbox = (
    partition: number,
    entry: Omit<OriginalEntry, 'type' | 'number'>,
    isUrgent: boolean,
  ): void => {
    outbox.push({ xid: '0', id: outboxId++, partition, entry });
    wakeRelay(isUrgent);
  };
  const store = (partition: number, decision: Decision): void => {
    const { commandId, code } = decision.answer;
    if (code === 'reused') return;
    const known = answers.get(commandId) ?? new Map<number, Decision>();
    if (!known.has(partition)) known.set(partition, decision);
    answers.set(commandId, known);
  };
  const visible = (id: number): Thing | undefined => {
    const thing = things.get(id);
    return thing === undefined || thing.deleted ? undefined : thing;
  };
  const decideAnew = (partition: number, command: ThingCommand, now: number): Decision => {
    if (answers.has(command.commandId)) return refused(command, { code: 'reused' });
    if (command.type === 'create') {
      const foo = originalFoo(command.foo);
      if (foo === undefined) return refused(command, { code: 'unrepresentable', field: 'foo' });
      const row = mastership[partition]!;
      row.idFloor = nextThingId(partition, partitions, row.idFloor);
      return accepted(command, createThing(row.idFloor, { ...command, foo }, now));
    }
    if (command.type === 'delete') return decideChange(things.get(command.thingId), command, now);
    const foo = originalFoo(command.foo);
    const decision = decideChange(things.get(command.thingId), { ...command, foo: foo ?? 0 }, now);
    return decision.state !== null && foo === undefined
      ? refused(command, { code: 'unrepresentable', field: 'foo' })
      : decision;
  };

  return {
    decide: async ({ partition, command, fencingEpoch, now }) => {
      if (isNewSession) await verifySession();
      const stored = answers.get(command.commandId)?.get(partition);
      if (stored !== undefined) return repeated(stored, command);
      if (answers.has(command.commandId) && fencingEpoch === null)
        return refused(command, { code: 'reused' });
      const { master, masterSinceEpoch, epoch } = mastership[partition]!;
      if (fencingEpoch !== null && fencingEpoch > epoch)
        throw new DatabaseBehindError(
          `partition ${partition} is at epoch ${epoch} in the database and at ${fencingEpoch} in the log: the database was set back`,
        );
      if (master !== 'original' || (fencingEpoch !== null && masterSinceEpoch > fencingEpoch))
        return 'not-master';
      const decision = decideAnew(partition, command, now);
      const { state, answer } = decision;
      if (state !== null) things.set(state.id, state);
      store(partition, decision);
      if (state !== null || fencingEpoch === null) {
        const request = fencingEpoch === null ? directRequest(command) : null;
        addToOutbox(partition, { epoch, state, answer, fence: null, request }, fencingEpoch === null);
      }
      return decision;
    },
    thing: async (id) => visible(id),
    thingWithMaster: async (id, partition) => {
      const { master, masterSinceEpoch } = mastership[partition]!;
      return { master, masterSinceEpoch, thing: visible(id) };
    },
    things: async (after, limit) =>
      [...things.values()]
        .filter(({ id, deleted }) => id > after && !deleted)
        .toSorted((a, b) => a.id - b.id)
        .slice(0, limit),
    mastership: async (partition) => row(partition),
    fence: async (partition, epoch) => {
      if (moveEpoch(partition, epoch, 'original', { master: 'shiny', refusedReason: null })) {
        const { idFloor } = mastership[partition]!;
        const fence = { epoch, idFloor };
        addToOutbox(partition, { epoch, state: null, answer: null, fence, request: null }, true);
      }
      return row(partition);
    },
    abortSwitch: async (partition, epoch, reason) => {
      moveEpoch(partition, epoch, undefined, { refusedReason: reason });
      return row(partition);
    },
    readOutbox: async (limit) => numbered(outbox.slice(0, limit), removed),
    removeFromOutbox: async (entries) => {
      const gone = new Set(entries.map(({ id }) => id));
      outbox = outbox.filter(({ id, partition }) => {
        if (gone.has(id)) removed[partition]! += 1;
        return !gone.has(id);
      });
    },
    outboxMark: async () => {
      wakeRelay(true);
      return String(outboxId);
    },
    outboxPassed: async (mark) => outbox.every(({ id }) => id >= Number(mark)),
    outboxSize: async (limit) => Math.min(limit, outbox.length),
    onOutbox: (wake) => {
      wakers.push(wake);
    },
    onSession: (verify) => void verifiers.push(verify),
    partitionFacts: async () => facts(),
    missing,
    oldestTransaction: async () => undefined,
    mirrorCheckpoints: async () => mirror,
    applyMirror: async (partition, expectedNext, checkpoint, decisions, released) => {
      if (mirror[partition]!.nextOffset !== expectedNext) return false;
      if (decisions.length > 0 && mastership[partition]!.master !== 'shiny') {
        throw new Error(
          `the mirror has decisions of Shiny for partition ${partition}, of which Shiny is not the master`,
        );
      }
      mirror[partition] = checkpoint;
      for (const decision of decisions) {
        const { state } = decision;
        if (state !== null && isNewer(state, things.get(state.id))) {
          things.set(state.id, { ...state, foo: clampedOriginalFoo(state.foo).foo });
        }
        store(partition, decision);
      }
      if (
        released !== undefined &&
        moveEpoch(partition, released.epoch, 'shiny', { master: 'original', refusedReason: null })
      ) {
        const row = mastership[partition]!;
        row.idFloor = Math.max(row.idFloor, released.idFloor);
      }
      return true;
    },
    capture: () => {
      const kept = structuredClone({ things, answers, mastership, mirror, removed, outbox, outboxId });
      return () => {
        const { things: keptThings, answers: keptAnswers, ...rest } = structuredClone(kept);
        things.clear();
        for (const [id, thing] of keptThings) things.set(id, thing);
        answers.clear();
        for (const [commandId, known] of keptAnswers) answers.set(commandId, known);
        for (const partition of mirror.keys()) {
          mastership[partition] = rest.mastership[partition]!;
          mirror[partition] = rest.mirror[partition]!;
          removed[partition] = rest.removed[partition]!;
        }
        ({ outbox, outboxId } = rest);
        isNewSession = true;
      };
    },
    close: async () => undefined,
  };
};
