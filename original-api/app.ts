/** The Original API, built from parts that are given to it; it opens nothing but its readers of the log. */
import type { FastifyInstance } from 'fastify';
import type { RecordCodec } from '../shared/codec/record-codec.ts';
import { createCommandSender } from '../shared/commands/command-sender.ts';
import { createOutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import { createServer } from '../shared/http/server.ts';
import { registerThingsRoutes } from '../shared/http/things-routes.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import { topicName } from '../shared/log/topics.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Metrics } from '../shared/process/metrics.ts';
import { internalCalls } from './internal-calls.ts';
import { registerInternalRoutes } from './internal-routes.ts';
import { startMirror } from './mirror.ts';
import type { Time } from '../shared/process/time.ts';
import type { OriginalThings } from './original-things.ts';
import { startOutboxRelay } from './outbox-relay.ts';
import { originalBackend } from './things-backend.ts';

export interface OriginalAppParts {
  readonly namespace: string;
  readonly version: string;
  readonly genesis: Genesis;
  readonly things: OriginalThings;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  readonly inFlightMax: number;
  readonly responseWaitMs: number;
}

export const createOriginalApp = async (
  parts: OriginalAppParts,
  lifecycle: Lifecycle,
): Promise<FastifyInstance> => {
  const { namespace, genesis, things, log, codec, logger, metrics, time, responseWaitMs } = parts;
  const { partitions } = genesis;
  const outcomesTopic = topicName(namespace, 'things.outcomes');
  const waiter = createOutcomeWaiter();

  const relay = startOutboxRelay({ namespace, things, log, codec, logger, metrics, time });
  lifecycle.onClose('outbox relay', () => relay.stop());
  const mirror = await startMirror({ namespace, genesis, things, log, codec, waiter, logger, metrics, time });
  lifecycle.onClose('mirror', () => mirror.stop());
  lifecycle.failWith('the mirror', mirror.failed);

  const ends = await log.endOffsets(outcomesTopic);
  const app = await createServer({
    title: 'Original API',
    description: 'The old system: Things over Postgres.',
    version: parts.version,
    logger,
    metrics,
    inFlightMax: parts.inFlightMax,
    notReady: () => {
      const behind = ends.filter((end, partition) => mirror.progress.next(partition) < end).length;
      return behind === 0 ? undefined : `the mirror reads ${behind} of ${partitions} partitions`;
    },
  });
  const sender = createCommandSender({
    namespace,
    genesis,
    log,
    codec,
    waiter,
    responseWaitMs,
    time,
    unknownHeaders: (commandId) => ({ 'x-command-id': commandId }),
  });
  const mirrored = mirror.progress;
  const backend = originalBackend({
    things,
    partitions,
    sender,
    log,
    outcomesTopic,
    mirrored,
    responseWaitMs,
    time,
    logger,
  });
  registerThingsRoutes(app, { shape: 'original', backend, time });
  const feedTopic = topicName(namespace, 'things.original');
  const calls = internalCalls({ things, log, feedTopic, partitions, mirrored, responseWaitMs, time });
  registerInternalRoutes(app, calls, partitions);
  lifecycle.onClose('HTTP server', () => app.close());
  return app;
};
