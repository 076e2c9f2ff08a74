/** One process of the Original API, without HTTP: relay, mirror, backend and internal calls, over a store that may not answer. */
import { internalCalls, type InternalCalls } from '../original-api/internal-calls.ts';
import { startMirror } from '../original-api/mirror.ts';
import type { OriginalThings } from '../original-api/original-things.ts';
import { startOutboxRelay } from '../original-api/outbox-relay.ts';
import { originalBackend } from '../original-api/things-backend.ts';
import { createCommandSender } from '../shared/commands/command-sender.ts';
import { createOutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import type { ThingsBackend } from '../shared/http/things-backend.ts';
import { topicName } from '../shared/log/topics.ts';
import type { Progress } from '../shared/process/progress.ts';
import { noMetrics } from '../shared/process/metrics.ts';
import type { NodeParts } from './node-parts.ts';

export interface OriginalNode {
  readonly backend: ThingsBackend;
  readonly calls: InternalCalls;
  /** How far the mirror is. */
  readonly mirrored: Progress;
  ready(): boolean;
}

export const startOriginalNode = async (
  { namespace, genesis, log, codec, logger, machine, lifecycle, responseWaitMs }: NodeParts,
  things: OriginalThings,
): Promise<OriginalNode> => {
  const { time } = machine;
  const metrics = noMetrics();
  const { partitions } = genesis;
  const waiter = createOutcomeWaiter();
  startOutboxRelay({ namespace, things, log, codec, logger, metrics, time });
  const mirror = await startMirror({ namespace, genesis, things, log, codec, waiter, logger, metrics, time });
  lifecycle.failWith('the mirror', mirror.failed);
  const outcomesTopic = topicName(namespace, 'things.outcomes');
  const feedTopic = topicName(namespace, 'things.original');
  const ends = await log.endOffsets(outcomesTopic);
  const mirrored = mirror.progress;
  const unknownHeaders = () => ({});
  const sender = createCommandSender({
    namespace,
    genesis,
    log,
    codec,
    waiter,
    responseWaitMs,
    time,
    unknownHeaders,
  });
  return {
    backend: originalBackend({
      things,
      partitions,
      sender,
      log,
      outcomesTopic,
      mirrored,
      responseWaitMs,
      time,
      logger,
    }),
    mirrored,
    calls: internalCalls({ things, log, feedTopic, partitions, mirrored, responseWaitMs, time }),
    ready: () => ends.every((end, partition) => mirrored.next(partition) >= end),
  };
};
