/** The Original API, built from parts that are given to it; it opens nothing but its readers of the log. */
import { KNOWN_FEATURES } from '../shared/domain/features.ts';
import { createServer, type HttpServer } from '../shared/http/server.ts';
import { INTERNAL_IDENTITY_PATH } from '../shared/contracts/original-internal.ts';
import { createWall, type WallParts } from '../shared/http/wall.ts';
import { thingsRoutes } from '../shared/things-api/things-routes.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import { internalRoutes } from './internal/internal-routes.ts';
import { startOriginalService, type OriginalServiceParts } from './service.ts';

export interface OriginalAppParts extends OriginalServiceParts {
  readonly version: string;
  readonly inFlightMax: number;
  readonly wall: WallParts;
  /** Of the services. */
  readonly internalSecret: string;
}

export const createOriginalApp = async (
  parts: OriginalAppParts,
  lifecycle: Lifecycle,
): Promise<HttpServer> => {
  const { namespace, genesis, logger, metrics, time, version, inFlightMax } = parts;
  const identity = { namespace, genesis: genesis.id };
  const { backend, calls, notReady, troubled } = await startOriginalService(parts, lifecycle);
  const app = createServer(
    {
      title: 'Original API',
      description: 'The old system: Things over Postgres.',
      version,
      logger,
      metrics,
      inFlightMax,
      notReady,
      troubled,
      wall: createWall(parts.wall, {
        ...identity,
        secret: parts.internalSecret,
        identityPath: INTERNAL_IDENTITY_PATH,
      }),
      identity: { genesis: genesis.id, pid: process.pid, features: KNOWN_FEATURES },
    },
    [
      ...thingsRoutes({ api: 'original', backend, logger, time }),
      ...internalRoutes(calls, genesis.partitions, identity),
    ],
  );
  lifecycle.onClose('HTTP server', () => app.close());
  return app;
};
