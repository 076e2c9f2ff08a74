/** The routes for the updater and for Shiny; see shared/http/internal-api.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { partitionOfThing } from '../shared/domain/partition.ts';
import { ApiError, unavailable } from '../shared/http/errors.ts';
import {
  INTERNAL_DECIDE_BODY,
  INTERNAL_DECIDE_PATH,
  INTERNAL_FEED_ENDS_PATH,
  INTERNAL_THING_PARAMS,
  internalThingPath,
  type InternalDecideBody,
  type InternalThing,
} from '../shared/http/internal-api.ts';
import { thingIdOf } from '../shared/http/thing-requests.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import type { OriginalThings } from './original-things.ts';

export interface InternalRoutesParts {
  readonly things: OriginalThings;
  readonly log: EventLog;
  /** `<ns>.things.original` */
  readonly feedTopic: string;
  readonly partitions: number;
  readonly responseWaitMs: number;
  readonly clock: () => number;
}

const OUTBOX_POLL_MS = 5;

export const registerInternalRoutes = (
  app: FastifyInstance,
  { things, log, feedTopic, partitions, responseWaitMs, clock }: InternalRoutesParts,
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

  app.get(INTERNAL_FEED_ENDS_PATH, { schema: { hide: true } }, async () => {
    const mark = await things.outboxMark();
    const deadline = performance.now() + responseWaitMs;
    while (!(await things.outboxPassed(mark))) {
      if (performance.now() > deadline) throw unavailable('the outbox is not published yet; try again');
      await sleep(OUTBOX_POLL_MS);
    }
    return log.endOffsets(feedTopic);
  });
};
