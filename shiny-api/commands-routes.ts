/** Commands and their outcomes, for whoever wants to know what became of a write. */
import { Type } from 'typebox';
import { ApiError } from '../shared/http/errors.ts';
import { inSlices, sendJsonArray } from '../shared/http/json-array.ts';
import { route, type Route } from '../shared/http/route.ts';
import type { Logger } from '../shared/process/logger.ts';
import { answer, errorAnswers, LIMIT, NO_QUERY } from '../shared/http/route-schemas.ts';
import { wantsLatest } from '../shared/http/request-headers.ts';
import { COMMAND, directCommandJson, indexedCommandJson } from './command-json.ts';
import type { IndexedCommand } from './command-index.ts';
import type { View } from './view.ts';

const LIST_LIMIT_DEFAULT = 100;

const LIST_QUERY = Type.Object(
  {
    limit: Type.Optional(LIMIT),
    before: Type.Optional(Type.String({ minLength: 1, expected: 'the id of a command, once' })),
  },
  { additionalProperties: false },
);

export interface CommandsRoutesParts {
  readonly view: View;
  readonly caughtUp: () => Promise<void>;
  readonly logger: Logger;
}

export const commandsRoutes = ({ view, caughtUp, logger }: CommandsRoutesParts): Route[] => {
  const decisionOf = ({ commandId, partition, type }: IndexedCommand) => {
    const { answers, switches } = view.store.state(partition);
    return type === 'switch' ? switches.get(commandId) : answers.get(commandId);
  };
  const shapeOf = (command: IndexedCommand): object => indexedCommandJson(command, decisionOf(command));

  return [
    route<{ query: { readonly limit?: number; readonly before?: string } }>({
      method: 'GET',
      path: '/api/commands/',
      schema: {
        operationId: 'listCommands',
        tags: ['commands'],
        summary: 'The latest commands, newest first',
        query: LIST_QUERY,
        responses: { 200: answer(Type.Array(COMMAND), 'Commands', 'link'), ...errorAnswers(400, 503) },
      },
      handle: async (context, { query: { limit = LIST_LIMIT_DEFAULT, before } }) => {
        if (wantsLatest(context.req)) await caughtUp();
        const found = view.commands.latest(limit + 1, before);
        if (found === undefined) throw new ApiError('bad-request', `"before" names no command: ${before}`);
        const shown = found.slice(0, limit);
        if (found.length > limit) {
          const last = encodeURIComponent(shown.at(-1)!.commandId);
          context.set('link', `</api/commands/?limit=${limit}&before=${last}>; rel="next"`);
        }
        return sendJsonArray(context, logger, inSlices(shown.map((one) => JSON.stringify(shapeOf(one)))));
      },
    }),
    route<{ params: { readonly id: string } }>({
      method: 'GET',
      path: '/api/commands/:id',
      schema: {
        operationId: 'readCommand',
        tags: ['commands'],
        summary: 'One command: its place in the log, and its answer once it is decided',
        params: Type.Object({ id: Type.String() }),
        query: NO_QUERY,
        responses: { 200: answer(COMMAND, 'The command'), ...errorAnswers(400, 404, 503) },
      },
      handle: async (context, { params: { id } }) => {
        if (wantsLatest(context.req)) await caughtUp();
        const command = view.commands.get(id);
        if (command !== undefined) return shapeOf(command);
        const [direct] = view.store.answers(id);
        if (direct === undefined) throw new ApiError('not-found', `there is no command ${id}`);
        return directCommandJson(direct.partition, direct.answer);
      },
    }),
  ];
};
