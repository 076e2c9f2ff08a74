/** The routes for the updater and for Shiny; see shared/http/internal-api.ts. */
import type { FastifyInstance } from 'fastify';
import { addedFieldsOf } from '../shared/domain/added-fields.ts';
import { ApiError } from '../shared/http/errors.ts';
import {
  INTERNAL_ABORT_BODY,
  INTERNAL_ABORT_PATH,
  INTERNAL_DECIDE_BODY,
  INTERNAL_DECIDE_PATH,
  INTERNAL_FEED_ENDS_PATH,
  INTERNAL_FEED_ENDS_QUERY,
  INTERNAL_FENCE_BODY,
  INTERNAL_FENCE_PATH,
  INTERNAL_IDENTITY_PATH,
  INTERNAL_MASTERSHIP_PARAMS,
  INTERNAL_MASTERSHIP_QUERY,
  INTERNAL_THING_PARAMS,
  internalMastershipPath,
  internalThingPath,
  type InternalAbortBody,
  type InternalDecideBody,
  type InternalFenceBody,
} from '../shared/http/internal-api.ts';
import type { Identity } from '../shared/http/genesis-check.ts';
import { partitionOf, thingIdOf } from '../shared/http/thing-requests.ts';
import { checkDecideBody } from './decide-check.ts';
import type { InternalCalls } from './internal-calls.ts';

export const registerInternalRoutes = (
  app: FastifyInstance,
  calls: InternalCalls,
  partitions: number,
  { namespace, genesis }: Identity,
): void => {
  const checkPartition = (partition: number): void => {
    if (partition >= partitions)
      throw new ApiError('bad-request', `there are ${partitions} partitions, from 0 on`);
  };

  app.get(INTERNAL_IDENTITY_PATH, { schema: { hide: true } }, async () => ({ namespace, genesis }));

  app.post<{ Body: InternalDecideBody }>(
    INTERNAL_DECIDE_PATH,
    { schema: { hide: true, body: INTERNAL_DECIDE_BODY } },
    async (request) => {
      const { partition, token } = request.body;
      const command = { ...request.body.command, ...addedFieldsOf(request.body.command) };
      checkPartition(partition);
      checkDecideBody({ partition, token, command }, partitions);
      const decision = await calls.decide(partition, token, command);
      if (decision === 'not-owner')
        throw new ApiError('not-owner', `Original does not own partition ${partition}`);
      return decision;
    },
  );

  app.get<{ Params: { id: string } }>(
    internalThingPath(':id'),
    { schema: { hide: true, params: INTERNAL_THING_PARAMS } },
    async (request) => calls.thing(thingIdOf(request.params.id)),
  );

  app.get<{ Querystring: { wait_ms?: number } }>(
    INTERNAL_FEED_ENDS_PATH,
    { schema: { hide: true, querystring: INTERNAL_FEED_ENDS_QUERY } },
    (request) => calls.feedEnds(request.query.wait_ms),
  );

  app.get<{ Params: { partition: string }; Querystring: { past?: number; wait_ms?: number } }>(
    internalMastershipPath(':partition'),
    {
      schema: { hide: true, params: INTERNAL_MASTERSHIP_PARAMS, querystring: INTERNAL_MASTERSHIP_QUERY },
    },
    async (request) => {
      const partition = partitionOf(request.params.partition);
      checkPartition(partition);
      return calls.mastership(partition, request.query.past, request.query.wait_ms);
    },
  );

  app.post<{ Body: InternalFenceBody }>(
    INTERNAL_FENCE_PATH,
    { schema: { hide: true, body: INTERNAL_FENCE_BODY } },
    async (request) => {
      const { partition, epoch } = request.body;
      checkPartition(partition);
      return calls.fence(partition, epoch);
    },
  );

  app.post<{ Body: InternalAbortBody }>(
    INTERNAL_ABORT_PATH,
    { schema: { hide: true, body: INTERNAL_ABORT_BODY } },
    async (request) => {
      const { partition, epoch, reason } = request.body;
      checkPartition(partition);
      return calls.abortSwitch(partition, epoch, reason);
    },
  );
};
