/** One command id: one effect, one answer, asked for by somebody, and seen by its clients as the log has it. */
import type { Command } from '../../shared/domain/command.ts';
import type { Answer } from '../../shared/domain/answer.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import type { LogRecord } from './certificate.ts';
import { sameContent, sameFields } from './content.ts';
import type { HistoryLine } from './history.ts';
import type { AnswerRecord, CommandFacts } from './ledger.ts';
import type { Report } from './violations.ts';

export interface CommandCheck {
  readonly commandId: string;
  readonly facts: CommandFacts;
  readonly historyIsComplete: boolean;
  readonly report: Report;
}

export const checkCommand = (check: CommandCheck): void => {
  const stored = check.facts.answers.filter(isFirstRequest);
  checkAnswersOfLog(check, stored);
  checkAsked(check, stored);
  if (check.facts.tries.length > 0) checkTries(check, stored);
};

/** The try that got the answer first; its later repeats see nothing new. */
export const firstAnswered = ({ tries }: CommandFacts): HistoryLine | undefined => {
  let first: HistoryLine | undefined;
  for (const line of tries)
    if (isAnswered(line) && (first === undefined || line.return < first.return)) first = line;
  return first;
};

export const isReused = ({ code }: HistoryLine): boolean => code === 'reused';

/** Does the state do what the try asked for? */
export const isEffectOfTry = (line: HistoryLine, state: Thing): boolean => {
  const asks = { type: line.kind, thingId: line.thingId, version: line.version };
  return isEffect(asks, state) && (line.sent === undefined || sameFields(line.sent, state));
};

/** `reused` is the answer to another request under the id; it has no state. */
const isFirstRequest = ({ record: { answer, state } }: AnswerRecord): boolean =>
  answer!.code !== 'reused' || state !== null;

const isAnswered = (line: HistoryLine): boolean =>
  (line.outcome === 'accepted' || line.outcome === 'conflict') && !isReused(line);

const isEffectOfCommand = (command: Command, { record: { answer, state } }: AnswerRecord): boolean =>
  command.payloadHash === answer!.payloadHash &&
  isEffect(command, state!) &&
  (!('name' in command) || sameFields(command, state!));

const isEffect = (
  asks: {
    readonly type: string;
    readonly thingId?: number | undefined;
    readonly version?: number | undefined;
  },
  state: Thing,
): boolean =>
  asks.type === 'create'
    ? state.version === 0 && !state.deleted
    : asks.thingId === state.id &&
      asks.version === state.version - 1 &&
      state.deleted === (asks.type === 'delete');

const isSameVersion = (a: Thing, b: Thing): boolean => a.id === b.id && a.version === b.version;

const sameAnswer = (a: Answer, b: Answer): boolean =>
  a.code === b.code && a.currentVersion === b.currentVersion && a.payloadHash === b.payloadHash;

const checkAnswersOfLog = ({ commandId, facts, report }: CommandCheck, stored: AnswerRecord[]): void => {
  const [first] = stored;
  if (first === undefined) return;
  const { answer, state } = first.record;
  for (const later of stored.slice(1)) {
    const repeated = later.record;
    if (state !== null && repeated.state !== null && !isSameVersion(state, repeated.state)) {
      report('secondEffects', `${commandId} made two versions`, [first, later]);
    } else if (
      !sameAnswer(answer!, repeated.answer!) ||
      (state === null) !== (repeated.state === null) ||
      (state !== null && !sameContent(state, repeated.state!))
    ) {
      report('differingAnswers', `the log answers ${commandId} in two ways`, [first, later]);
    }
  }
  for (const other of facts.answers) {
    if (!isFirstRequest(other) && other.record.answer!.payloadHash === answer!.payloadHash) {
      report('differingAnswers', `a repeat of ${commandId} was taken for another request`, [first, other]);
    }
  }
  if (state === null && answer!.code === 'accepted' && isWrite(answer!)) {
    report('lostWrites', `${commandId} was accepted without a state`, [first]);
  }
};

const isWrite = ({ commandType }: Answer): boolean =>
  commandType === 'create' || commandType === 'update' || commandType === 'delete';

const checkAsked = (
  { commandId, facts, historyIsComplete, report }: CommandCheck,
  stored: AnswerRecord[],
): void => {
  const effects = stored.filter(({ record }) => record.state !== null);
  const judged = new Set<string>();
  for (const effect of effects) {
    const state = effect.record.state!;
    const version = `${state.id} ${state.version}`;
    if (judged.has(version)) continue;
    judged.add(version);
    const { commands, tries } = facts;
    if (commands.some(({ record }) => isEffectOfCommand(record, effect))) continue;
    if (tries.some((line) => !isReused(line) && isEffectOfTry(line, state))) continue;
    const cameDirectly = effects.some(
      ({ record }) => record.type === 'observed' && isSameVersion(record.state!, state),
    );
    const isInLog = commands.some(({ record }) => record.payloadHash === effect.record.answer!.payloadHash);
    if (!historyIsComplete && cameDirectly && !isInLog) continue;
    report('ghostWrites', `nobody asked ${commandId} for version ${state.version} of Thing ${state.id}`, [
      effect,
      ...commands.slice(0, 1),
      ...tries.slice(0, 1),
    ]);
  }
};

const TRIES_SHOWN_MAX = 5;

/** The log's first answer to the id, and the first state that it made. */
interface Stored {
  readonly first: AnswerRecord | undefined;
  readonly effect: AnswerRecord | undefined;
}

const checkTries = (check: CommandCheck, answers: AnswerRecord[]): void => {
  const { commandId, facts, report } = check;
  const tries = facts.tries.filter((line) => !isReused(line));
  const effect = answers.find(({ record }) => record.state !== null);
  const stored: Stored = { first: answers[0], effect };
  const taken = effect?.record.state ?? undefined;
  const wasDenied = tries.every(({ outcome }) => outcome === 'conflict' || outcome === 'refused');
  if (taken !== undefined && wasDenied && tries.some((line) => isEffectOfTry(line, taken))) {
    const lines = tries.slice(0, TRIES_SHOWN_MAX);
    report('refusedWritesInEffect', `${commandId} was refused, and took effect`, [...lines, effect!]);
    return;
  }
  const first = firstAnswered(facts);
  if (first === undefined) return;
  checkReused(check, first);
  const differing = tries.filter((line) => isAnswered(line) && !sameTry(first, line));
  for (const line of differing) {
    report('differingAnswers', `${commandId} was answered in two ways`, [first, line]);
  }
  // Once for each command, whichever of its tries shows it.
  const isLost = tries.some(
    (line) =>
      line.outcome === 'accepted' &&
      (first.outcome === 'conflict' || sameTry(first, line)) &&
      !isKept(check, line, stored),
  );
  if (!isLost && first.outcome === 'conflict' && differing.length === 0) checkConflict(check, first, stored);
};

const sameTry = (a: HistoryLine, b: HistoryLine): boolean =>
  a.outcome === b.outcome &&
  a.code === b.code &&
  a.currentVersion === b.currentVersion &&
  a.thing?.id === b.thing?.id &&
  a.thing?.version === b.thing?.version;

/** Is what was acknowledged what the log has? A delete is answered with the Thing as it was. */
const isKept = (
  { commandId, report }: CommandCheck,
  line: HistoryLine,
  { first, effect }: Stored,
): boolean => {
  const state = effect?.record.state ?? undefined;
  if (state !== undefined && isShownBy(line, state) && isEffectOfTry(line, state)) return true;
  const near: LogRecord[] = [effect ?? first].filter((record) => record !== undefined);
  const what = state === undefined ? 'no state of it' : 'something else';
  report('lostWrites', `${commandId} was acknowledged, and the log has ${what}`, [line, ...near]);
  return false;
};

const isShownBy = ({ thing }: HistoryLine, state: Thing): boolean =>
  thing !== undefined &&
  thing.id === state.id &&
  thing.version === (state.deleted ? state.version - 1 : state.version) &&
  sameContent(state, thing);

const checkConflict = (
  { commandId, report }: CommandCheck,
  line: HistoryLine,
  { first, effect }: Stored,
): void => {
  const answer = first?.record.answer ?? undefined;
  if (answer === undefined) {
    report('differingAnswers', `${commandId} was answered, and the log has no answer to it`, [line]);
  } else if (
    effect !== undefined ||
    answer.code !== line.code ||
    (answer.code === 'conflict' && answer.currentVersion !== line.currentVersion)
  ) {
    report('differingAnswers', `${commandId} was answered otherwise than the log says`, [
      line,
      effect ?? first!,
    ]);
  }
};

/** `reused` is said to another request only. Before there is an answer, the other request may be on its way in the log. */
const checkReused = ({ commandId, facts, report }: CommandCheck, first: HistoryLine): void => {
  for (const line of facts.tries) {
    if (isReused(line) && line.call >= first.return && sameRequest(first, line)) {
      report('differingAnswers', `a repeat of ${commandId} was taken for another request`, [first, line]);
    }
  }
};

const sameRequest = (a: HistoryLine, b: HistoryLine): boolean =>
  a.kind === b.kind &&
  a.thingId === b.thingId &&
  a.version === b.version &&
  a.sent?.name === b.sent?.name &&
  a.sent?.foo === b.sent?.foo;
