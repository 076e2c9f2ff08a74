/** The routes for the updater and for Shiny; see shared/contracts/original-internal.ts. */
import { addedFieldsOf } from '../../shared/domain/added-fields.ts';
import { ApiError } from '../../shared/http/errors.ts';
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
  internalThingJson,
  mastershipJson,
  internalThingPath,
  type InternalAbortBody,
  type InternalDecideBody,
  type InternalFenceBody,
} from '../../shared/contracts/original-internal.ts';
import type { Identity } from '../../shared/http/genesis-check.ts';
import { route, type Route } from '../../shared/http/route.ts';
import { partitionOf, thingIdOf } from '../../shared/things-api/parse-thing-request.ts';
import { checkDecideBody } from './decide-check.ts';
import type { InternalHandlers } from './internal-handlers.ts';

export const internalRoutes = (
  calls: InternalHandlers,
  partitions: number,
  { namespace, genesis }: Identity,
): Route[] => {
  const checkPartition = (partition: number): void => {
    if (partition >= partitions)
      throw new ApiError('bad-request', `there are ${partitions} partitions, from 0 on`);
  };

  return [
    route({
      method: 'GET',
      path: INTERNAL_IDENTITY_PATH,
      schema: {},
      handle: () => ({ namespace, genesis }),
    }),
    route<{ body: InternalDecideBody }>({
      method: 'POST',
      path: INTERNAL_DECIDE_PATH,
      schema: { body: INTERNAL_DECIDE_BODY },
      handle: async (_context, { body: { partition, token, command: sent } }) => {
        const command = { ...sent, ...addedFieldsOf(sent) };
        checkPartition(partition);
        checkDecideBody({ partition, token, command }, partitions);
        const decision = await calls.decide(partition, token, command);
        if (decision === 'not-master')
          throw new ApiError('not-owner', `Original is not the master of partition ${partition}`);
        return decision;
      },
    }),
    route<{ params: { readonly id: string } }>({
      method: 'GET',
      path: internalThingPath(':id'),
      schema: { params: INTERNAL_THING_PARAMS },
      handle: async (_context, { params }) => internalThingJson(await calls.thing(thingIdOf(params.id))),
    }),
    route<{ query: { readonly wait_ms?: number } }>({
      method: 'GET',
      path: INTERNAL_FEED_ENDS_PATH,
      schema: { query: INTERNAL_FEED_ENDS_QUERY },
      handle: (_context, { query }) => calls.feedEnds(query.wait_ms),
    }),
    route<{
      params: { readonly partition: string };
      query: { readonly past?: number; readonly wait_ms?: number };
    }>({
      method: 'GET',
      path: internalMastershipPath(':partition'),
      schema: { params: INTERNAL_MASTERSHIP_PARAMS, query: INTERNAL_MASTERSHIP_QUERY },
      handle: async (_context, { params, query }) => {
        const partition = partitionOf(params.partition);
        checkPartition(partition);
        return mastershipJson(await calls.mastership(partition, query.past, query.wait_ms));
      },
    }),
    route<{ body: InternalFenceBody }>({
      method: 'POST',
      path: INTERNAL_FENCE_PATH,
      schema: { body: INTERNAL_FENCE_BODY },
      handle: async (_context, { body: { partition, epoch } }) => {
        checkPartition(partition);
        return mastershipJson(await calls.fence(partition, epoch));
      },
    }),
    route<{ body: InternalAbortBody }>({
      method: 'POST',
      path: INTERNAL_ABORT_PATH,
      schema: { body: INTERNAL_ABORT_BODY },
      handle: async (_context, { body: { partition, epoch, reason } }) => {
        checkPartition(partition);
        return mastershipJson(await calls.abortSwitch(partition, epoch, reason));
      },
    }),
  ];
};
