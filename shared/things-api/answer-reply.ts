/** How the answer of a master looks over HTTP, in one API's shape: the same bytes each time it is asked for. */
import { answeredThing, type Api, type Thing } from '../domain/thing.ts';
import { toOriginalThing, toShinyThing, type OriginalThing, type ShinyThing } from '../domain/mapping.ts';
import type { AnswerCode, Decision } from '../domain/answer.ts';
import { ERROR_CODE_HEADER, errorBody, noSuchThingMessage } from '../http/errors.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

export const COMMAND_ID_HEADER = 'x-command-id';

const STATUS: Readonly<Record<AnswerCode, number>> = {
  accepted: 200,
  absent: 404,
  conflict: 409,
  readonly: 400,
  unrepresentable: 400,
  reused: 422,
};

const thingJson = (master: Api): ((thing: Thing) => OriginalThing | ShinyThing) =>
  master === 'original' ? toOriginalThing : toShinyThing;

const thingPath = (id: number): string => `/api/things/${id}`;
export const etagOf = (version: number): string => `"${version}"`;

export const answerReply = ({ answer, state }: Decision, api: Api): Reply => {
  const headers: Record<string, string> = { [COMMAND_ID_HEADER]: answer.commandId };
  if (answer.code !== 'accepted') {
    headers[ERROR_CODE_HEADER] = answer.code;
    return { status: STATUS[answer.code], headers, body: errorBody(refusalMessage(answer)) };
  }
  if (state === null) return { status: STATUS.accepted, headers, body: '{}' };
  if (answer.commandType === 'create') headers['location'] = thingPath(state.id);
  if (!state.deleted) headers['etag'] = etagOf(state.version);
  return { status: STATUS.accepted, headers, body: JSON.stringify(thingJson(api)(answeredThing(state))) };
};

const refusalMessage = (answer: Decision['answer']): string => {
  switch (answer.code) {
    case 'absent':
      return noSuchThingMessage(answer.thingId ?? '');
    case 'conflict':
      return `the version is not the current one: Thing ${answer.thingId} is at version ${answer.currentVersion}`;
    case 'readonly':
      return `"${answer.field}" is read-only and differs from the present value`;
    case 'unrepresentable':
      return unrepresentableMessage(answer.field);
    case 'reused':
      return `the Idempotency-Key ${answer.commandId} already stands for another request`;
    case 'accepted':
      return '';
  }
};

/** Null: a rule of its database, which an operator has added. */
const unrepresentableMessage = (field: string | null): string => {
  if (field === null)
    return 'the present master cannot hold the Thing: a rule of its database refuses these values';
  const what = `"${field}" has a value that the present master cannot hold`;
  return field === 'foo' ? `${what}: it must round to a 32-bit integer` : what;
};
