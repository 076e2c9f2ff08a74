/** Clients of both APIs: each does one thing after the other, and tries again when it got no answer. */
import type { HistoryLine, OperationKind } from '../checker/history.ts';
import { seenThing } from '../checker/seen-thing.ts';
import { answeredThing } from '../../shared/domain/thing.ts';
import type { Decision } from '../../shared/domain/answer.ts';
import { thingCommand, type DeleteCommand, type ThingCommand } from '../../shared/domain/command.ts';
import { clampedOriginalFoo, type OriginalThing, type ShinyThing } from '../../shared/domain/mapping.ts';
import { ApiError, isDefinite } from '../../shared/http/errors.ts';
import type { ThingsBackend } from '../../shared/things-api/things-backend.ts';
import type { Random } from './random.ts';
import type { Slot, World } from './world.ts';

export interface WorkloadSettings {
  readonly clients: number;
  /** Writes in all. */
  readonly writes: number;
  readonly things: number;
  /** Some values have no room in Original. */
  readonly floats: boolean;
}

export interface Workload {
  readonly history: HistoryLine[];
  /** Write operations that were begun. */
  writes(): number;
  done(): boolean;
  /** Nothing new is begun. */
  end(): void;
}

const THINK_MAX_MS = 4;
const CLIENT_TIMEOUT_MS = 4_000;
const TRIES_MAX = 4;
const OLD_COMMANDS_MAX = 200;

type Outcome = Pick<HistoryLine, 'outcome' | 'status' | 'thing' | 'code' | 'currentVersion'>;
interface ApiNode {
  readonly backend: ThingsBackend;
  notReady(): string | undefined;
}
interface Chosen {
  readonly api: 'original' | 'shiny';
  readonly slot: Slot<ApiNode>;
  readonly backend: ThingsBackend;
}

export const startWorkload = (world: World, settings: WorkloadSettings, random: Random): Workload => {
  const { time } = world;
  const history: HistoryLine[] = [];
  /** The version that clients believe to be current, by Thing. */
  const known = new Map<number, number>();
  const old: ThingCommand[] = [];
  let writes = 0;
  let clientsDone = 0;
  let ended = false;

  const pickNode = (): Chosen | undefined => {
    const api = random.chance(0.5) ? 'original' : 'shiny';
    const slot: Slot<ApiNode> = random.pick<Slot<ApiNode>>(
      api === 'original' ? world.originals : world.shinies,
    );
    const node = slot.node();
    if (node === undefined || node.notReady() !== undefined) return undefined;
    return { api, slot, backend: node.backend };
  };
  const chooseNode = async (): Promise<Chosen> => {
    for (;;) {
      const chosen = pickNode();
      if (chosen !== undefined) return chosen;
      await time.sleep(random.between(5, 50));
    }
  };

  /** One try, with the request and the answer on their way. */
  const attempt = async (
    { slot, backend, api }: Chosen,
    work: (backend: ThingsBackend) => Promise<Outcome>,
  ): Promise<Outcome> => {
    const machine = slot.machine();
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const cancel = time.after(CLIENT_TIMEOUT_MS, () => resolve({ outcome: 'unknown', status: null }));
    void machine
      .delivered(backend)
      .then(work)
      .catch((error: unknown) => outcomeOfError(error))
      .then((outcome) => void time.after(machine.latency(), () => resolve(shownBy(api, outcome))));
    return promise.finally(cancel);
  };

  const write = async (client: number, command: ThingCommand): Promise<void> => {
    const base = {
      client,
      kind: command.type as OperationKind,
      commandId: command.commandId,
      ...(command.type === 'create' ? {} : { thingId: command.thingId, version: command.version }),
      ...(command.type === 'delete' ? {} : { sent: { name: command.name, foo: command.foo } }),
    };
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const chosen = await chooseNode();
      const call = time.monotonic() * 1_000;
      const sent = { ...command, requestedOn: time.now() };
      const outcome = await attempt(chosen, async (backend) => {
        const result = await backend.write(sent, { respondAsync: false });
        return result.kind === 'decided'
          ? outcomeOfDecision(result.decision)
          : { outcome: 'unknown', status: 202 };
      });
      const { api, slot } = chosen;
      history.push({ call, return: time.monotonic() * 1_000, api, node: slot.name, ...base, ...outcome });
      learn(command, outcome);
      if (outcome.outcome !== 'unknown' && outcome.outcome !== 'refused') return;
      await time.sleep(random.between(0, 30));
    }
  };
  const learn = (command: ThingCommand, { outcome, thing, currentVersion, code }: Outcome): void => {
    if (outcome === 'accepted' && thing !== undefined) {
      if (command.type === 'delete') known.delete(thing.id);
      else known.set(thing.id, Math.max(known.get(thing.id) ?? 0, thing.version));
    } else if (command.type !== 'create') {
      if (code === 'absent') known.delete(command.thingId);
      else if (currentVersion !== undefined) known.set(command.thingId, currentVersion);
    }
  };

  const read = async (client: number, thingId: number, latest: boolean): Promise<void> => {
    const chosen = await chooseNode();
    const { api, slot } = chosen;
    const call = time.monotonic() * 1_000;
    const outcome = await attempt(chosen, async (backend) => {
      const found = await backend.thing(thingId, { latest });
      if (found === undefined) return { outcome: 'conflict', status: 404, code: 'absent' };
      return {
        outcome: 'accepted',
        status: 200,
        thing: seenThing(JSON.parse(found.json) as OriginalThing | ShinyThing),
      };
    });
    if (outcome.thing !== undefined && known.has(thingId)) known.set(thingId, outcome.thing.version);
    history.push({
      call,
      return: time.monotonic() * 1_000,
      client,
      api,
      node: slot.name,
      kind: latest ? 'read-latest' : 'read',
      thingId,
      ...outcome,
    });
  };

  const drawFoo = (): number =>
    settings.floats && random.chance(0.05) ? random.between(0, 40) + 0.5 : random.between(-9, 99);
  const drawCommand = (client: number): ThingCommand => {
    const commandId = `w${writes}-${client}`;
    const fields = { name: commandId, foo: drawFoo() };
    const ids = [...known.keys()];
    if (ids.length === 0 || (ids.length < settings.things && random.chance(0.3)))
      return thingCommand({ type: 'create', ...fields }, commandId, time.now());
    const thingId = random.pick(ids);
    const version = known.get(thingId)!;
    if (random.chance(0.04)) return thingCommand({ type: 'delete', thingId, version }, commandId, time.now());
    const request = {
      type: 'update',
      thingId,
      version,
      ...fields,
      createdOn: null,
      updatedOn: null,
    } as const;
    return thingCommand(request, commandId, time.now());
  };
  const client = async (number: number): Promise<void> => {
    while (!ended && writes < settings.writes) {
      await time.sleep(random.between(0, THINK_MAX_MS));
      const ids = [...known.keys()];
      if (ids.length > 0 && random.chance(0.35)) {
        await read(number, random.pick(ids), random.chance(0.6));
        continue;
      }
      writes++;
      if (old.length > 0 && random.chance(0.05)) {
        const again = random.pick(old);
        await write(number, again.type !== 'delete' && random.chance(0.2) ? otherwise(again) : again);
        continue;
      }
      const command = drawCommand(number);
      if (old.length < OLD_COMMANDS_MAX) old.push(command);
      else old[writes % OLD_COMMANDS_MAX] = command;
      await write(number, command);
    }
    clientsDone++;
  };
  /** Another request under the same id. */
  const otherwise = (command: Exclude<ThingCommand, DeleteCommand>): ThingCommand => {
    world.coverage.saw('a command id was reused for another request');
    return thingCommand({ ...command, name: `not ${command.name}` }, command.commandId, time.now());
  };
  for (let number = 0; number < settings.clients; number++) void client(number);

  return {
    history,
    writes: () => writes,
    done: () => clientsDone === settings.clients,
    end: () => {
      ended = true;
    },
  };
};

const outcomeOfDecision = ({ answer, state }: Decision): Outcome => {
  if (answer.code === 'accepted') {
    const { id, name, foo, version, createdOn, updatedOn } = answeredThing(state!);
    return { outcome: 'accepted', status: 200, thing: { id, name, foo, version, createdOn, updatedOn } };
  }
  return {
    outcome: 'conflict',
    status: 409,
    code: answer.code,
    ...(answer.currentVersion === null ? {} : { currentVersion: answer.currentVersion }),
  };
};

const outcomeOfError = (error: unknown): Outcome => {
  if (!(error instanceof ApiError)) return { outcome: 'unknown', status: 500 };
  return { outcome: isDefinite(error.status, error.code) ? 'refused' : 'unknown', status: error.status };
};

/** The Original API shows integers, whoever decided. */
const shownBy = (api: 'original' | 'shiny', outcome: Outcome): Outcome =>
  api === 'shiny' || outcome.thing === undefined
    ? outcome
    : { ...outcome, thing: { ...outcome.thing, foo: clampedOriginalFoo(outcome.thing.foo).foo } };
