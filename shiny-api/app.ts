/** The Shiny API, built from parts that are given to it; it opens nothing but its readers of the log. */
import type { FastifyInstance } from 'fastify';
import type { RecordCodec } from '../shared/codec/record-codec.ts';
import { createCommandSender } from '../shared/commands/command-sender.ts';
import { createOutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import { unavailable } from '../shared/http/errors.ts';
import type { OriginalClient } from '../shared/http/original-client.ts';
import { createServer, isOfTheApi } from '../shared/http/server.ts';
import { registerThingsRoutes } from '../shared/http/things-routes.ts';
import { sharedEndOffsets } from '../shared/log/end-offsets.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import { topicName } from '../shared/log/topics.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Metrics } from '../shared/process/metrics.ts';
import type { Time } from '../shared/process/time.ts';
import type { FoldStore } from '../shared/store/fold-store.ts';
import { commandPath } from './command-shape.ts';
import { registerCommandsRoutes } from './commands-routes.ts';
import { shinyBackend } from './things-backend.ts';
import { startView } from './view.ts';

export interface ShinyAppParts {
  readonly namespace: string;
  readonly version: string;
  readonly genesis: Genesis;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly original: OriginalClient;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  readonly inFlightMax: number;
  readonly responseWaitMs: number;
}

export const createShinyApp = async (
  parts: ShinyAppParts,
  lifecycle: Lifecycle,
): Promise<FastifyInstance> => {
  const { namespace, genesis, store, log, codec, original, logger, metrics, time, responseWaitMs } = parts;
  const waiter = createOutcomeWaiter();
  const view = await startView({ namespace, genesis, store, log, codec, waiter, logger, time });
  lifecycle.onClose('view', () => view.stop());
  lifecycle.failWith('the view', view.failed);
  metrics.gauge('requests_waiting_for_outcome', 'Writes that wait for their outcome', [], (gauge) =>
    gauge.set(waiter.size()),
  );

  const notReady = (): string | undefined => {
    const behind = view.behind();
    return behind === 0 ? undefined : `the view is behind in ${behind} partitions`;
  };
  const app = await createServer({
    title: 'Shiny API',
    description: 'The new system: the same Things over the log.',
    version: parts.version,
    logger,
    metrics,
    inFlightMax: parts.inFlightMax,
    notReady,
  });
  // A view that has not caught up would serve the past.
  app.addHook('onRequest', async (request) => {
    const waiting = isOfTheApi(request) ? notReady() : undefined;
    if (waiting !== undefined) throw unavailable(`not ready: ${waiting}`);
  });
  const sender = createCommandSender({
    namespace,
    genesis,
    log,
    codec,
    waiter,
    responseWaitMs,
    time,
    unknownHeaders: (commandId) => ({ 'x-command-id': commandId, location: commandPath(commandId) }),
  });
  const endOffsets = sharedEndOffsets(log, topicName(namespace, 'things.outcomes'));
  const backend = shinyBackend({ genesis, view, sender, original, endOffsets, responseWaitMs, time, logger });
  registerThingsRoutes(app, { shape: 'shiny', backend, time });
  registerCommandsRoutes(app, { view, caughtUp: backend.caughtUp });
  lifecycle.onClose('HTTP server', () => app.close());
  return app;
};
