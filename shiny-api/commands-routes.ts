/** Commands and their outcomes, for whoever wants to know what became of a write. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { ApiError } from '../shared/http/errors.ts';
import { sendJsonArray } from '../shared/http/list-reply.ts';
import { inSlices } from '../shared/http/list-slices.ts';
import { JSON_TYPE } from '../shared/http/server.ts';
import { answer, errorAnswers, LIMIT, NO_QUERY } from '../shared/http/things-route-schemas.ts';
import { wantsLatest } from '../shared/http/request-headers.ts';
import { COMMAND, directCommandShape, indexedCommandShape } from './command-shape.ts';
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

export const registerCommandsRoutes = (
  app: FastifyInstance,
  { view, caughtUp }: { view: View; caughtUp: () => Promise<void> },
): void => {
  const decisionOf = ({ commandId, partition, type }: IndexedCommand) => {
    const { answers, switches } = view.store.state(partition);
    return type === 'switch' ? switches.get(commandId) : answers.get(commandId);
  };
  const shapeOf = (command: IndexedCommand): object => indexedCommandShape(command, decisionOf(command));

  app.get<{ Querystring: { limit?: number; before?: string } }>(
    '/api/commands/',
    {
      schema: {
        tags: ['commands'],
        summary: 'The latest commands, newest first',
        querystring: LIST_QUERY,
        response: { 200: answer(Type.Array(COMMAND), 'Commands', 'link'), ...errorAnswers(400, 503) },
      },
    },
    async (request, reply) => {
      if (wantsLatest(request.raw)) await caughtUp();
      const { limit = LIST_LIMIT_DEFAULT, before } = request.query;
      const found = view.commands.latest(limit + 1, before);
      if (found === undefined) throw new ApiError('bad-request', `"before" names no command: ${before}`);
      const shown = found.slice(0, limit);
      if (found.length > limit) {
        const last = encodeURIComponent(shown.at(-1)!.commandId);
        reply.header('link', `</api/commands/?limit=${limit}&before=${last}>; rel="next"`);
      }
      return sendJsonArray(reply.type(JSON_TYPE), inSlices(shown.map((one) => JSON.stringify(shapeOf(one)))));
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/commands/:id',
    {
      schema: {
        tags: ['commands'],
        summary: 'One command: its place in the log, and its answer once it is decided',
        params: Type.Object({ id: Type.String() }),
        querystring: NO_QUERY,
        response: { 200: answer(COMMAND, 'The command'), ...errorAnswers(400, 404, 503) },
      },
    },
    async (request, reply) => {
      if (wantsLatest(request.raw)) await caughtUp();
      const { id } = request.params;
      const command = view.commands.get(id);
      if (command !== undefined) return reply.type(JSON_TYPE).send(JSON.stringify(shapeOf(command)));
      const [direct] = view.store.answers(id);
      if (direct === undefined) throw new ApiError('not-found', `there is no command ${id}`);
      return reply.type(JSON_TYPE).send(JSON.stringify(directCommandShape(direct.partition, direct.answer)));
    },
  );
};
