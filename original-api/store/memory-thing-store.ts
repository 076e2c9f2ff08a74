/** Original's Things in memory, for tests: the same contract as Postgres, without its transactions running at once. */
import { accepted, refused, repeated, type Decision } from '../../shared/domain/answer.ts';
import { directRequest, type ThingCommand } from '../../shared/domain/command.ts';
import { decideChange } from '../../shared/domain/decide.ts';
import { isNewer } from '../../shared/domain/fold.ts';
import { emptyHeader } from '../../shared/domain/partition-state.ts';
import { clampedOriginalFoo, originalFoo } from '../../shared/domain/mapping.ts';
import { nextThingId } from '../../shared/domain/partition.ts';
import { createThing, type Owner, type Thing } from '../../shared/domain/thing.ts';
import type { OriginalEntry } from '../../shared/domain/outcome.ts';
import { DatabaseBehindError } from './database-errors.ts';
import type {
  Mastership,
  MirrorPlace,
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

export const memoryThingStore = (partitions: number, firstOwner: Owner): MemoryThingStore => {
  const things = new Map<number, Thing>();
  const answers = new Map<string, Map<number, Decision>>();
  const mastership = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    owner: firstOwner,
    epoch: 0,
    since: 0,
    idFloor: 0,
    refusedReason: null as string | null,
  }));
  const mirror: MirrorPlace[] = mastership.map(({ partition }) => ({
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
    const { owner, epoch, since, refusedReason } = mastership[partition]!;
    return { owner, epoch, since, refusedReason };
  };
  /** The compare-and-set of the row. */
  const moveEpoch = (
    partition: number,
    epoch: number,
    from: Owner | undefined,
    change: { owner?: Owner; refusedReason: string | null },
  ): boolean => {
    const ruler = mastership[partition]!;
    if (ruler.epoch !== epoch - 1 || (from !== undefined && ruler.owner !== from)) return false;
    Object.assign(ruler, change, { epoch, since: change.owner === undefined ? ruler.since : epoch });
    return true;
  };
  const facts = (): PartitionFacts[] =>
    mastership.map(({ partition, owner, epoch }) => ({
      partition,
      owner,
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
      const ruler = mastership[partition]!;
      ruler.idFloor = nextThingId(partition, partitions, ruler.idFloor);
      return accepted(command, createThing(ruler.idFloor, { ...command, foo }, now));
    }
    if (command.type === 'delete') return decideChange(things.get(command.thingId), command, now);
    const foo = originalFoo(command.foo);
    const decision = decideChange(things.get(command.thingId), { ...command, foo: foo ?? 0 }, now);
    return decision.state !== null && foo === undefined
      ? refused(command, { code: 'unrepresentable', field: 'foo' })
      : decision;
  };

  return {
    decide: async ({ partition, command, token, now }) => {
      if (isNewSession) await verifySession();
      const stored = answers.get(command.commandId)?.get(partition);
      if (stored !== undefined) return repeated(stored, command);
      if (answers.has(command.commandId) && token === null) return refused(command, { code: 'reused' });
      const { owner, since, epoch } = mastership[partition]!;
      if (token !== null && token > epoch)
        throw new DatabaseBehindError(
          `partition ${partition} is at epoch ${epoch} in the database and at ${token} in the log: the database was set back`,
        );
      if (owner !== 'original' || (token !== null && since > token)) return 'not-owner';
      const decision = decideAnew(partition, command, now);
      const { state, answer } = decision;
      if (state !== null) things.set(state.id, state);
      store(partition, decision);
      if (state !== null || token === null) {
        const request = token === null ? directRequest(command) : null;
        addToOutbox(partition, { epoch, state, answer, fence: null, request }, token === null);
      }
      return decision;
    },
    thing: async (id) => visible(id),
    thingWithOwner: async (id, partition) => {
      const { owner, since } = mastership[partition]!;
      return { owner, since, thing: visible(id) };
    },
    things: async (after, limit) =>
      [...things.values()]
        .filter(({ id, deleted }) => id > after && !deleted)
        .toSorted((a, b) => a.id - b.id)
        .slice(0, limit),
    mastership: async (partition) => row(partition),
    fence: async (partition, epoch) => {
      if (moveEpoch(partition, epoch, 'original', { owner: 'shiny', refusedReason: null })) {
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
    mirrorPlaces: async () => mirror,
    applyMirror: async (partition, expectedNext, place, decisions, released) => {
      if (mirror[partition]!.nextOffset !== expectedNext) return false;
      if (decisions.length > 0 && mastership[partition]!.owner !== 'shiny') {
        throw new Error(
          `the mirror has decisions of Shiny for partition ${partition}, which Shiny does not own`,
        );
      }
      mirror[partition] = place;
      for (const decision of decisions) {
        const { state } = decision;
        if (state !== null && isNewer(state, things.get(state.id))) {
          things.set(state.id, { ...state, foo: clampedOriginalFoo(state.foo).foo });
        }
        store(partition, decision);
      }
      if (
        released !== undefined &&
        moveEpoch(partition, released.epoch, 'shiny', { owner: 'original', refusedReason: null })
      ) {
        const ruler = mastership[partition]!;
        ruler.idFloor = Math.max(ruler.idFloor, released.idFloor);
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
