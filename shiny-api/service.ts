/** The Shiny API without HTTP: the view, and what its routes call. The simulator runs it as it is. */
import type { RecordCodec } from '../shared/records/record-codec.ts';
import { createCommandSender } from '../shared/commands/command-sender.ts';
import { createOutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import type { OriginalClient } from '../shared/contracts/original-client.ts';
import type { ThingsBackend } from '../shared/things-api/things-backend.ts';
import { sharedEndOffsets } from '../shared/log/end-offsets.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import { topicName } from '../shared/records/topics.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Metrics } from '../shared/process/metrics.ts';
import type { Time } from '../shared/process/time.ts';
import type { FoldStore } from '../shared/replica/fold-store.ts';
import { commandPath } from './command-json.ts';
import { shinyBackend } from './things-backend.ts';
import { startView, type View } from './view.ts';

export interface ShinyServiceParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly original: OriginalClient;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  readonly responseWaitMs: number;
  /** Features of this release, else for tests and the simulator. */
  readonly knownFeatures?: readonly string[] | undefined;
  /** Things whose JSON is kept ready, those read last; 0: none. */
  readonly readyJsonMax: number;
}

export interface ShinyService {
  readonly backend: ThingsBackend;
  readonly view: View;
  /** What it still waits for, until it is ready. */
  notReady(): string | undefined;
}

export const startShinyService = async (
  parts: ShinyServiceParts,
  lifecycle: Lifecycle,
): Promise<ShinyService> => {
  const { namespace, genesis, log, codec, original, logger, metrics, time, responseWaitMs } = parts;
  const waiter = createOutcomeWaiter();
  const view = await startView({ ...parts, waiter });
  lifecycle.onClose('view', () => view.stop());
  lifecycle.failWith('the view', view.failed);
  metrics.gauge('requests_waiting_for_outcome', 'Writes that wait for their outcome', [], (gauge) =>
    gauge.set(waiter.size()),
  );

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
  return {
    backend: shinyBackend({ genesis, view, sender, original, endOffsets, responseWaitMs, time, logger }),
    view,
    notReady: () => {
      const behind = view.behind();
      return behind === 0 ? view.trouble() : `the view is behind in ${behind} partitions`;
    },
  };
};
