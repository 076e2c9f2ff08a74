/** The routes for the updater and for Shiny; see shared/http/internal-api.ts. */
import type { FastifyInstance } from 'fastify';
import { partitionOfThing } from '../shared/domain/partition.ts';
import { ApiError } from '../shared/http/errors.ts';
import {
  INTERNAL_DECIDE_BODY,
  INTERNAL_DECIDE_PATH,
  INTERNAL_THING_PARAMS,
  internalThingPath,
  type InternalDecideBody,
  type InternalThing,
} from '../shared/http/internal-api.ts';
import { thingIdOf } from '../shared/http/thing-requests.ts';
import type { OriginalThings } from './original-things.ts';

export const registerInternalRoutes = (
  app: FastifyInstance,
  { things, partitions, clock }: { things: OriginalThings; partitions: number; clock: () => number },
): void => {
  app.post<{ Body: InternalDecideBody }>(
    INTERNAL_DECIDE_PATH,
    { schema: { hide: true, body: INTERNAL_DECIDE_BODY } },
    async (request) => {
      const { partition, token, command } = request.body;
      if (partition >= partitions)
        throw new ApiError('bad-request', `there are ${partitions} partitions, from 0 on`);
      const decision = await things.decide({ partition, command, token, now: clock() });
      if (decision === 'not-owner')
        throw new ApiError('not-owner', `Original does not own partition ${partition}`);
      return decision;
    },
  );

  app.get<{ Params: { id: string } }>(
    internalThingPath(':id'),
    { schema: { hide: true, params: INTERNAL_THING_PARAMS } },
    async (request): Promise<InternalThing> => {
      const id = thingIdOf(request.params.id);
      const { owner, thing } = await things.thingWithOwner(id, partitionOfThing(id, partitions));
      return { owner, thing: thing ?? null };
    },
  );
};
