/**
 * A whole playground in one process: the real parts of the three services over the log in memory, Original's store in
 * memory, a clock that we turn, and machines that crash and pause.
 */
import { startOriginalService, type OriginalService } from '../../original-api/service.ts';
import { startShinyService, type ShinyService } from '../../shiny-api/service.ts';
import { memoryThingStore, type MemoryThingStore } from '../../original-api/store/memory-thing-store.ts';
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import type { Genesis } from '../../shared/domain/outcome.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { AppendRecord, EventLog, LogRecord } from '../../shared/log/event-log.ts';
import { createMemoryLog } from '../../shared/log/memory-log.ts';
import { topicName } from '../../shared/records/topics.ts';
import { createNamespace } from '../../shared/records/namespace.ts';
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import { noMetrics } from '../../shared/process/metrics.ts';
import { UnknownFeatureError } from '../../shared/records/feature-check.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import { createMemoryFoldStore } from '../../shared/replica/memory-fold-store.ts';
import { startUpdaterService, type UpdaterService } from '../../updater/partition/service.ts';
import { createSwitchRequests, type SwitchRequests } from '../../updater/switch/switch-requests.ts';
import type { FaultRates } from './fault-rates.ts';
import { faultyClient, faultyThings } from './faulty-calls.ts';
import { faultyLog } from './faulty-log.ts';
import { createMachine, type Machine } from './machine.ts';
import type { NodeParts } from './node-parts.ts';
import type { Random } from './random.ts';
import { createSharedCodec, otherRelease } from './shared-codec.ts';
import { createWatchedLogger, type Coverage, type TraceLine } from './coverage.ts';
import { createUpgrade, FEATURES, type Release, type Upgrade } from './upgrade.ts';
import { createVirtualTime, VIRTUAL_START, type VirtualTime } from './virtual-time.ts';

export const NAMESPACE = 'simulated';
/** How long an API waits for an outcome. */
const RESPONSE_WAIT_MS = 2_000;
const START_RETRY_MS = 500;
/** Few, as there are few Things. */
const READY_JSON_MAX = 100;

/** Schemas are parsed once for all runs. */
const sharedCodec = createSharedCodec(NAMESPACE);

export interface UpdaterNode {
  readonly deciding: UpdaterService;
  readonly requests: SwitchRequests;
  readonly store: FoldStore;
}

/** A place where a process runs; after a crash another one is started there, with the disk of the one before. */
export interface Slot<Node> {
  readonly name: string;
  machine(): Machine;
  release(): Release;
  /** Undefined until it is started. */
  node(): Node | undefined;
  start(): void;
  /** Its disk is lost. */
  wipe(): void;
  /** Whatever runs there is slower by this factor. */
  slowDown(factor: number): void;
}

export interface WorldSettings {
  readonly partitions: number;
  readonly master: Api;
  readonly rates: FaultRates;
  readonly trace: ((time: number, machine: string, ...line: Parameters<TraceLine>) => void) | undefined;
}

export interface World {
  readonly time: VirtualTime;
  readonly codec: RecordCodec;
  readonly genesis: Genesis;
  readonly things: MemoryThingStore;
  readonly originals: readonly Slot<OriginalService>[];
  readonly shinies: readonly Slot<ShinyService>[];
  readonly updaters: readonly Slot<UpdaterNode>[];
  /** Everything that was appended, by topic. */
  records(topic: string): readonly LogRecord[];
  /** While it is on, appends to the feed are acknowledged but not stored. */
  loseFeed(isOn: boolean): void;
  /** A record of somebody else's. */
  append(topic: string, record: AppendRecord): Promise<number>;
  /** The offset that the next record gets. */
  end(topic: string, partition: number): number;
  /** Errors that ended a process and must not end one. */
  readonly deaths: string[];
  readonly coverage: Coverage;
  readonly upgrade: Upgrade;
  slots(): readonly Slot<unknown>[];
}

export const createWorld = async (
  { partitions, master, rates, trace }: WorldSettings,
  random: Random,
  coverage: Coverage,
): Promise<World> => {
  const time = createVirtualTime();
  const codec = await sharedCodec;
  const { log, records, end, loseFeed } = recordedLog(createMemoryLog());
  const genesis = await createNamespace(log, codec, {
    namespace: NAMESPACE,
    partitions,
    master,
    id: 'simulated',
    now: VIRTUAL_START,
  });
  const things = memoryThingStore(partitions, master);
  const deaths: string[] = [];
  const upgrade = createUpgrade({ namespace: NAMESPACE, log, codec, time, coverage });

  const onFault = (what: string): void => coverage.saw(`fault: ${what}`);
  const partsOf = (machine: Machine, from: Random, release: Release, onFailed: OnFailed): NodeParts => ({
    namespace: NAMESPACE,
    genesis,
    log: faultyLog({ log: upgrade.logOf(release), machine, world: time, random: from, rates, onFault }),
    codec,
    logger: createWatchedLogger(
      coverage,
      trace === undefined ? undefined : (...line) => trace(time.monotonic(), machine.name, ...line),
    ),
    metrics: noMetrics(),
    time: machine.time,
    machine,
    lifecycle: simulatedLifecycle(onFailed),
    responseWaitMs: RESPONSE_WAIT_MS,
    knownFeatures: FEATURES[release],
  });

  const slot = <Node>(
    name: string,
    start: (parts: NodeParts, store: FoldStore, from: Random) => Promise<Node>,
  ): Slot<Node> => {
    const from = random.fork();
    const skewMs = random.chance(0.5) ? 0 : random.between(-rates.clockSkewMs, rates.clockSkewMs);
    let machine = createMachine(name, time, from.fork(), skewMs);
    let store = createMemoryFoldStore(partitions);
    let node: Node | undefined;
    let slowness = 1;
    let release: Release = rates.olderRelease && random.chance(0.5) ? 'older' : 'this';
    const startLater = (mine: Machine): void =>
      void time.after(START_RETRY_MS, () => {
        if (machine === mine) self.start();
      });
    /** As its operator does who reads why it has ended. */
    const update = (error: unknown): boolean => {
      if (release === 'this' || !(error instanceof UnknownFeatureError)) return false;
      release = 'this';
      coverage.saw('a process of an older release ended, and this one took its place');
      return true;
    };
    const self: Slot<Node> = {
      name,
      machine: () => machine,
      release: () => release,
      node: () => (machine.isAlive() ? node : undefined),
      start: () => {
        const mine = createMachine(name, time, from.fork(), skewMs);
        mine.slowDown(slowness);
        machine = mine;
        node = undefined;
        const onFailed: OnFailed = (what, error) => {
          if (!mine.isAlive()) return;
          mine.crash();
          if (update(error)) startLater(mine);
          else deaths.push(`${name}: ${what}: ${error.stack ?? String(error)}`);
        };
        start(partsOf(mine, from.fork(), release, onFailed), store, from.fork()).then(
          (started) => {
            if (machine === mine) node = started;
          },
          (error: unknown) => {
            // Like a process that ends when its start fails, and is started again.
            if (machine !== mine || !mine.isAlive()) return;
            mine.crash();
            if (!update(error)) onFault(`a start failed: ${(error as Error).message}`);
            startLater(mine);
          },
        );
      },
      slowDown: (factor) => {
        slowness = factor;
        machine.slowDown(factor);
      },
      wipe: () => {
        store = createMemoryFoldStore(partitions);
      },
    };
    return self;
  };

  const originals = Array.from({ length: rates.apiNodes }, (_, index) =>
    slot(`original-${index + 1}`, (parts, _store, from) => {
      const faulty = faultyThings(things, { machine: parts.machine, random: from, rates, onFault });
      return startOriginalService({ ...parts, things: faulty }, parts.lifecycle);
    }),
  );
  const clientOf = (machine: Machine, from: Random) =>
    faultyClient(() => from.pick(originals).node()?.calls, { machine, random: from, rates, onFault });
  const shinies = Array.from({ length: rates.apiNodes }, (_, index) =>
    slot(`shiny-${index + 1}`, (parts, store, from) => {
      const original = clientOf(parts.machine, from);
      return startShinyService({ ...parts, store, original, readyJsonMax: READY_JSON_MAX }, parts.lifecycle);
    }),
  );
  const updaters = Array.from({ length: rates.updaters }, (_, index) =>
    slot(`updater-${index + 1}`, async (given, store, from): Promise<UpdaterNode> => {
      const isOther = rates.otherRelease && index === 1;
      const parts = { ...given, codec: isOther ? otherRelease(codec) : codec };
      const original = clientOf(given.machine, from);
      const deciding = await startUpdaterService({ ...parts, store, original }, given.lifecycle);
      const { journal } = deciding;
      return {
        deciding,
        store,
        requests: createSwitchRequests({ ...parts, partitions, store, journal }),
      };
    }),
  );

  const slots = (): Slot<unknown>[] => [...originals, ...shinies, ...updaters];
  for (const one of slots()) one.start();
  return {
    time,
    codec,
    genesis,
    things,
    originals,
    shinies,
    updaters,
    append: log.append,
    loseFeed,
    records,
    end,
    deaths,
    coverage,
    upgrade,
    slots,
  };
};

const recordedLog = (log: EventLog): Pick<World, 'records' | 'end' | 'loseFeed'> & { log: EventLog } => {
  let isLosingFeed = false;
  const byTopic = new Map<string, LogRecord[]>();
  const ends = new Map<string, number>();
  return {
    loseFeed: (isOn) => {
      isLosingFeed = isOn;
    },
    end: (topic, partition) => ends.get(`${topic}/${partition}`) ?? 0,
    records: (topic) => byTopic.get(topic) ?? [],
    log: {
      ...log,
      append: async (topic, record) => {
        if (isLosingFeed && topic === topicName(NAMESPACE, 'things.original'))
          return ends.get(`${topic}/${record.partition}`) ?? 0;
        const offset = await log.append(topic, record);
        ends.set(`${topic}/${record.partition}`, offset + 1);
        const records = byTopic.get(topic);
        if (records === undefined) byTopic.set(topic, [{ ...record, offset }]);
        else records.push({ ...record, offset });
        return offset;
      },
    },
  };
};

type OnFailed = (what: string, error: Error) => void;

const simulatedLifecycle = (onFailed: OnFailed): Lifecycle => ({
  onClose: () => undefined,
  onKill: () => undefined,
  failWith: (what, work) => {
    work.catch((error: unknown) => onFailed(what, error as Error));
  },
});
