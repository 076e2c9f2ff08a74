/** The updater, built from parts that are given to it. */
import { KNOWN_FEATURES } from '../shared/domain/features.ts';
import { createServer, type HttpServer } from '../shared/http/server.ts';
import { createWall, type WallParts } from '../shared/http/wall.ts';
import { topicName } from '../shared/records/topics.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import type { UpdaterServiceParts } from './partition/service-parts.ts';
import { startUpdaterService } from './partition/service.ts';
import { troubled } from './partition/partition-status.ts';
import { featureRoutes } from './http/feature-routes.ts';
import { createSwitchRequests } from './switch/switch-requests.ts';
import { switchRoutes } from './http/switch-routes.ts';

export interface UpdaterAppParts extends UpdaterServiceParts {
  readonly version: string;
  readonly wall: WallParts;
}

const IN_FLIGHT_MAX = 100;

export const createUpdaterApp = async (parts: UpdaterAppParts, lifecycle: Lifecycle): Promise<HttpServer> => {
  const { namespace, genesis, store, log, codec, original, logger, metrics, time } = parts;
  const service = await startUpdaterService(parts, lifecycle);
  const { journal } = service;
  const requests = createSwitchRequests({
    namespace,
    partitions: genesis.partitions,
    store,
    log,
    codec,
    journal,
    logger,
    time,
  });
  const outcomesTopic = topicName(namespace, 'things.outcomes');
  const ofSwitches = {
    namespace,
    genesis,
    store,
    log,
    outcomesTopic,
    original,
    service,
    requests,
    logger,
    time,
  };
  const { starting } = service;
  const ofFeatures = { namespace, partitions: genesis.partitions, store, log, codec, logger, time, starting };
  // It answers "not ready" while the fold catches up.
  const app = createServer(
    {
      title: 'Updater',
      description: 'Decides commands, and moves the mastership of partitions.',
      version: parts.version,
      logger,
      metrics,
      inFlightMax: IN_FLIGHT_MAX,
      notReady: service.notReady,
      troubled: () => troubled(service.statuses()),
      wall: createWall(parts.wall),
      identity: { genesis: genesis.id, pid: process.pid, features: KNOWN_FEATURES },
    },
    [...switchRoutes(ofSwitches), ...featureRoutes(ofFeatures)],
  );
  lifecycle.onClose('HTTP server', () => app.close());
  return app;
};
