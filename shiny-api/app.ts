/** The Shiny API, built from parts that are given to it; it opens nothing but its readers of the log. */
import { KNOWN_FEATURES } from '../shared/domain/features.ts';
import type { FastifyInstance } from 'fastify';
import { unavailable } from '../shared/http/errors.ts';
import { createServer, isOfTheApi } from '../shared/http/server.ts';
import { createWall, type WallParts } from '../shared/http/wall.ts';
import { syncHook } from '../shared/http/sync-hook.ts';
import { registerThingsRoutes } from '../shared/http/things-routes.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import { registerCommandsRoutes } from './commands-routes.ts';
import { startShinyServing, type ShinyServingParts } from './serving.ts';

export interface ShinyAppParts extends ShinyServingParts {
  readonly version: string;
  readonly inFlightMax: number;
  readonly wall: WallParts;
}

export const createShinyApp = async (
  parts: ShinyAppParts,
  lifecycle: Lifecycle,
): Promise<FastifyInstance> => {
  const { genesis, logger, metrics, time, version, inFlightMax } = parts;
  const { backend, view, notReady } = await startShinyServing(parts, lifecycle);
  const app = await createServer({
    title: 'Shiny API',
    description: 'The new system: the same Things over the log.',
    version,
    logger,
    metrics,
    inFlightMax,
    notReady,
    wall: createWall(parts.wall),
    identity: { genesis: genesis.id, pid: process.pid, features: KNOWN_FEATURES },
  });
  // A view that has not caught up would serve the past.
  const refuseUntilReady = syncHook((request) => {
    const waiting = isOfTheApi(request) ? notReady() : undefined;
    if (waiting !== undefined) throw unavailable(`not ready: ${waiting}`);
  });
  app.addHook('onRequest', refuseUntilReady);
  registerThingsRoutes(app, { shape: 'shiny', backend, time });
  registerCommandsRoutes(app, { view, caughtUp: backend.caughtUp });
  lifecycle.onClose('HTTP server', () => app.close());
  return app;
};
