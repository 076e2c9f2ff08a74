/** One process of the Shiny API, without HTTP: view, sender, backend. */
import { createCommandSender } from '../shared/commands/command-sender.ts';
import { createOutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import type { OriginalClient } from '../shared/http/original-client.ts';
import type { ThingsBackend } from '../shared/http/things-backend.ts';
import { sharedEndOffsets } from '../shared/log/end-offsets.ts';
import { topicName } from '../shared/log/topics.ts';
import type { FoldStore } from '../shared/store/fold-store.ts';
import { shinyBackend } from '../shiny-api/things-backend.ts';
import { startView, type View } from '../shiny-api/view.ts';
import type { NodeParts } from './node-parts.ts';

export interface ShinyNode {
  readonly backend: ThingsBackend;
  readonly view: View;
  ready(): boolean;
}

export const startShinyNode = async (
  { namespace, genesis, log, codec, logger, machine, lifecycle, responseWaitMs }: NodeParts,
  store: FoldStore,
  original: OriginalClient,
): Promise<ShinyNode> => {
  const { time } = machine;
  const waiter = createOutcomeWaiter();
  const view = await startView({
    namespace,
    genesis,
    store,
    log,
    codec,
    waiter,
    logger,
    time,
    readyJsonMax: 100,
  });
  lifecycle.failWith('the view', view.failed);
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
  const endOffsets = sharedEndOffsets(log, topicName(namespace, 'things.outcomes'));
  return {
    backend: shinyBackend({ genesis, view, sender, original, endOffsets, responseWaitMs, time, logger }),
    view,
    ready: () => view.behind() === 0,
  };
};
