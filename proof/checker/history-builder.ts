/**
 * For tests: builds a log and the history beside it, as a system without faults would have written them. Each step may
 * be given otherwise, which plants a fault; the links of the chain are made to fit whatever is appended.
 */
import type { Answer, AnswerCode } from '../../shared/domain/answer.ts';
import type { Command, ThingCommand } from '../../shared/domain/command.ts';
import type { Fence, Observed, OriginalEntry, Outcome } from '../../shared/domain/outcome.ts';
import type { Api, Thing } from '../../shared/domain/thing.ts';
import type { Certificate } from './certificate.ts';
import { digestAfter } from './chain.ts';
import { createChecker } from './checker.ts';
import { fooInOriginal } from './content.ts';
import type { EvidenceRecord, EvidenceTopic } from './evidence.ts';
import { seen, shown, stateAfter, type ChangeRequest, type Request } from './history-requests.ts';
import type { HistoryLine, SeenThing } from './history.ts';

type WithoutLink<T> = T extends Outcome ? Omit<T, 'previousOffset' | 'previousDigest' | 'epoch'> : never;
type Link = WithoutLink<Exclude<Outcome, { type: 'genesis' | 'observed' }>>;

/** One partition, number 0: ids are 1, 2, 3, …, which is right for one of 1. */
export const buildHistory = (firstMaster: Api = 'original', partitions = 1) => {
  const records: EvidenceRecord[] = [];
  const lines: HistoryLine[] = [];
  const entries: OriginalEntry[] = [];
  const ends: Record<EvidenceTopic, number> = { commands: 0, outcomes: 0, original: 0 };
  const things = new Map<number, Thing>();
  let master = firstMaster;
  let lastNumber = 0;
  let epoch = 0;
  let position = -1;
  let digest = '';
  let feedPosition = -1;
  let now = 1000;
  let nextId = 1;

  const append = (topic: EvidenceTopic, record: EvidenceRecord['record']): EvidenceRecord => {
    const bytes = Buffer.from(JSON.stringify(record));
    const offset = ends[topic];
    ends[topic] += 1;
    const appended = { topic, partition: 0, offset, timestamp: now, record, bytes };
    records.push(appended);
    return appended;
  };
  const appendLink = (link: Link, ofEpoch = epoch): void => {
    const record = { ...link, previousOffset: position, previousDigest: digest, epoch: ofEpoch } as Outcome;
    const { bytes } = append('outcomes', record);
    digest = digestAfter(digest, bytes);
    if ('offset' in link) position = link.offset;
  };
  const genesis: Outcome = { type: 'genesis', id: 'g', format: 2, partitions, master };
  digest = digestAfter('', append('outcomes', genesis).bytes);

  const commandOf = (commandId: string, request: Request): ThingCommand => {
    const hash =
      request.kind === 'delete'
        ? `delete ${request.thing.id}`
        : `${request.kind} ${request.name} ${request.foo}`;
    const base = { commandId, requestedOn: now, payloadHash: hash };
    if (request.kind === 'create') return { ...base, type: 'create', name: request.name, foo: request.foo };
    const { id: thingId, version } = request.thing;
    if (request.kind === 'delete') return { ...base, type: 'delete', thingId, version };
    const { name, foo } = request;
    return { ...base, type: 'update', thingId, version, name, foo, createdOn: null, updatedOn: null };
  };
  const answerTo = (command: Command, thingId: number | null, code: AnswerCode = 'accepted'): Answer => ({
    commandId: command.commandId,
    payloadHash: command.payloadHash,
    commandType: command.type,
    thingId,
    code,
    currentVersion: code === 'conflict' ? things.get(thingId!)!.version : null,
    field: null,
  });

  const ask = (command: Command): number => append('commands', command).offset;
  const decide = (offset: number, answer: Answer, state: Thing | null, ofEpoch = epoch): void => {
    appendLink({ type: 'decided', offset, answer, state, feature: null }, ofEpoch);
    keep(state);
  };
  const publish = (entry: {
    state?: Thing;
    answer?: Answer;
    fence?: Fence;
    epoch?: number;
    number?: number;
  }): number => {
    const { state = null, answer = null, fence = null } = entry;
    const record: OriginalEntry = {
      type: 'original-entry',
      number: entry.number ?? (lastNumber += 1),
      request: null,
      epoch: entry.epoch ?? epoch,
      state,
      answer,
      fence,
    };
    entries.push(record);
    return append('original', record).offset;
  };
  const observe = (feedOffset: number, change: Partial<Observed> = {}): void => {
    const record = entries[feedOffset]!;
    const { number, epoch: entryEpoch, state, answer, fence } = record;
    const entry = {
      number,
      epoch: entryEpoch,
      state,
      answer,
      fence,
      feedOffset,
      previousFeedOffset: feedPosition,
    };
    append('outcomes', { type: 'observed', ...entry, ...change });
    feedPosition = feedOffset;
    keep(state);
  };
  const keep = (state: Thing | null): void => {
    if (state !== null && state.version > (things.get(state.id)?.version ?? -1)) things.set(state.id, state);
  };

  /** A try that takes 10 µs, 10 µs after the one before. */
  const saw = (line: Partial<HistoryLine> & Pick<HistoryLine, 'kind' | 'outcome'>): HistoryLine => {
    now += 20;
    const status = line.outcome === 'unknown' ? null : 200;
    const api = line.api ?? 'shiny';
    const made = { call: now - 10, return: now, client: 1, api, node: api, status, ...line };
    lines.push(made);
    return made;
  };
  const asked = (commandId: string, request: Request) => ({
    kind: request.kind,
    commandId,
    ...(request.kind === 'create' ? {} : { thingId: request.thing.id, version: request.thing.version }),
    ...(request.kind === 'delete' ? {} : { sent: { name: request.name, foo: request.foo } }),
  });
  const sawAccepted = (
    commandId: string,
    request: Request,
    state: Thing,
    more: Partial<HistoryLine> = {},
  ): HistoryLine => saw({ ...asked(commandId, request), outcome: 'accepted', thing: shown(state), ...more });

  const stateOf = (request: Request): Thing => {
    const state = stateAfter(request, request.kind === 'create' ? nextId : request.thing.id, now);
    if (request.kind === 'create') nextId += 1;
    return master === 'original' ? { ...state, foo: fooInOriginal(state.foo) } : state;
  };

  return {
    records,
    lines,
    ask,
    decide,
    publish,
    observe,
    append,
    appendLink,
    commandOf,
    answerTo,
    saw,
    asked,
    sawAccepted,
    stateOf,
    things,
    now: () => now,
    epoch: () => epoch,
    position: () => position,
    digest: () => digest,

    /** A write through Shiny, accepted. */
    write: (commandId: string, request: Request, more?: Partial<HistoryLine>): Thing => {
      const command = commandOf(commandId, request);
      const state = stateOf(request);
      decide(ask(command), answerTo(command, state.id), state);
      sawAccepted(commandId, request, state, more);
      return state;
    },
    /** A direct write to Original, accepted. */
    writeDirectly: (commandId: string, request: Request, more?: Partial<HistoryLine>): Thing => {
      const state = stateOf(request);
      observe(publish({ state, answer: answerTo(commandOf(commandId, request), state.id) }));
      sawAccepted(commandId, request, state, { api: 'original', node: 'original', ...more });
      return state;
    },
    /** A write through Shiny that the present version of its Thing forbids. */
    writeInVain: (commandId: string, request: ChangeRequest): void => {
      const command = commandOf(commandId, request);
      const { id } = request.thing;
      const known = things.get(id);
      const code = known === undefined || known.deleted ? 'absent' : 'conflict';
      const answer = answerTo(command, id, code);
      decide(ask(command), answer, null);
      const currentVersion = code === 'conflict' ? { currentVersion: known!.version } : {};
      saw({ ...asked(commandId, request), outcome: 'conflict', code, ...currentVersion });
    },
    read: (thing: Thing, more: Partial<HistoryLine> = {}): HistoryLine =>
      saw({ kind: 'read-latest', thingId: thing.id, outcome: 'accepted', thing: shown(thing), ...more }),
    readNothing: (thingId: number, more: Partial<HistoryLine> = {}): HistoryLine =>
      saw({ kind: 'read-latest', thingId, outcome: 'conflict', code: 'absent', ...more }),
    mark: (commandId: string): void => {
      const command: Command = {
        type: 'mark',
        commandId,
        requestedOn: now,
        payloadHash: 'mark',
        label: 'here',
      };
      decide(ask(command), answerTo(command, null), null);
    },
    /** A switch; `end` says how it ends. */
    switchTo: (to: Api, end: 'switched' | 'refused' | 'skipped' = 'switched'): void => {
      const commandId = `switch-${ends.commands}`;
      const command = { type: 'switch', commandId, requestedOn: now, payloadHash: 's', to } as const;
      const offset = ask({ ...command, expectedEpoch: epoch, deadline: now + 1000, allowLoss: true });
      if (end === 'skipped') return appendLink({ type: 'skipped', offset, commandId, reason: 'master' });
      if (to === 'original') appendLink({ type: 'released', commandId }, epoch + 1);
      else if (end === 'switched') {
        observe(publish({ fence: { epoch: epoch + 1, idFloor: nextId - 1 }, epoch: epoch + 1 }));
      }
      epoch += 1;
      if (end === 'refused') return appendLink({ type: 'refused', offset, commandId, reason: 'deadline' });
      appendLink({ type: 'switched', offset, commandId, master: to });
      master = to;
      if (to === 'shiny') return;
      for (const thing of things.values()) things.set(thing.id, { ...thing, foo: fooInOriginal(thing.foo) });
    },

    certificate: (
      change: {
        original?: SeenThing[];
        shiny?: SeenThing[];
        historyIsComplete?: boolean;
        historyBeganOn?: number;
      } = {},
    ): Certificate => {
      const { historyIsComplete = true, historyBeganOn = 0 } = change;
      const checker = createChecker({ historyIsComplete, historyBeganOn });
      for (const record of records) checker.record(record);
      for (const line of lines) checker.operation(line);
      const shiny = [...things.values()].filter(({ deleted }) => !deleted).map(seen);
      const original = shiny.map((thing) => ({ ...thing, foo: fooInOriginal(thing.foo) }));
      return checker.finish({ original, shiny, ...change });
    },
  };
};
