/** What a local store is told of its log, for tests. */
import type { LogExtent } from '../shared/replica/log-extent.ts';

/** Of topics that begin at 0; `outcomes` and `commands` are their ends by partition. */
export const extentOf = (
  outcomes: readonly number[],
  commands: readonly number[] = outcomes.map(() => 0),
  id = 'first',
): LogExtent => ({
  outcomes: { id: `outcomes-${id}`, begins: outcomes.map(() => 0), ends: outcomes },
  commands: { id: `commands-${id}`, begins: commands.map(() => 0), ends: commands },
});
