/** The Shiny API, built from parts that are given to it; it opens nothing but its readers of the log. */
import { KNOWN_FEATURES } from '../shared/domain/features.ts';
import { createServer, type HttpServer } from '../shared/http/server.ts';
import { createWall, type WallParts } from '../shared/http/wall.ts';
import { thingsRoutes } from '../shared/things-api/things-routes.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import { commandsRoutes } from './commands-routes.ts';
import { startShinyService, type ShinyServiceParts } from './service.ts';

export interface ShinyAppParts extends ShinyServiceParts {
  readonly version: string;
  readonly inFlightMax: number;
  readonly wall: WallParts;
}

export const createShinyApp = async (parts: ShinyAppParts, lifecycle: Lifecycle): Promise<HttpServer> => {
  const { genesis, logger, metrics, time, version, inFlightMax } = parts;
  const { backend, view, notReady } = await startShinyService(parts, lifecycle);
  const app = createServer(
    {
      title: 'Shiny API',
      description: 'The new system: the same Things over the log.',
      version,
      logger,
      metrics,
      inFlightMax,
      notReady,
      // A view that has not caught up would serve the past.
      refusesUntilReady: true,
      wall: createWall(parts.wall),
      identity: { genesis: genesis.id, pid: process.pid, features: KNOWN_FEATURES },
    },
    [
      ...thingsRoutes({ api: 'shiny', backend, logger, time }),
      ...commandsRoutes({ view, caughtUp: backend.caughtUp, logger }),
    ],
  );
  lifecycle.onClose('HTTP server', () => app.close());
  return app;
};
