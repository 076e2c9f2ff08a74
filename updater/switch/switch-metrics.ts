/** A log line and a metric for each step of a switch. */
import type { SwitchResult } from '../../shared/domain/switch-result.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Metrics } from '../../shared/process/metrics.ts';
import { pauseMs, type JournalEntry } from './switch-journal.ts';
import type { SwitchStep } from './switch-actions.ts';

export interface SwitchObserver {
  /** This updater did it. */
  step(partition: number, step: SwitchStep): void;
  /** The result was read, whoever wrote it. */
  decided(entry: JournalEntry, result: SwitchResult): void;
}

const SENTENCES: Readonly<Record<SwitchStep['kind'], string>> = {
  fenced: 'Original writes nothing any more, its fence is on the way',
  released: 'Shiny has let go, waiting for the mirror',
  aborted: 'a switch was aborted',
  switched: 'wrote that the mastership has moved',
  refused: 'wrote that the switch is refused',
  skipped: 'wrote that the switch does not fit',
};

export const observeSwitches = (logger: Logger, metrics: Metrics): SwitchObserver => {
  const steps = metrics.counter('switch_steps_total', 'Steps of switches that this updater did', [
    'to',
    'step',
  ]);
  const results = metrics.counter('switches_total', 'Results of switches that were read', ['to', 'result']);
  const pauses = metrics.histogram(
    'switch_pause_seconds',
    'How long commands of a partition waited for its switch',
    ['to'],
  );
  return {
    step: (partition, { kind, command }) => {
      const { to, commandId } = command;
      steps.inc({ to, step: kind });
      logger.info({ partition, to, switch: commandId }, SENTENCES[kind]);
    },
    decided: (entry, { result, epoch, reason }) => {
      const { id, partition, to, waited } = entry;
      const paused = pauseMs(entry);
      results.inc({ to, result });
      if (result === 'switched' && paused !== null) pauses.observe({ to }, paused / 1000);
      logger.info(
        { partition, to, switch: id, result, epoch, pauseMs: paused, waited, reason: reason ?? undefined },
        'a switch is decided',
      );
    },
  };
};
