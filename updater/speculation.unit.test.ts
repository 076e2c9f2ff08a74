import { expect, test } from 'vitest';
import { decidedAfter, mustCount, record, stateAfterGenesis, thing, update } from '../test/outcome-log.ts';
import { accepted } from '../shared/domain/answer.ts';
import { linkAfter } from '../shared/domain/fold.ts';
import { createSpeculation } from './speculation.ts';

test('P11: the repeat of an older command does not hide the newer state', () => {
  const state = stateAfterGenesis('shiny');
  const first = accepted(update('u', 1, 1), thing(1, 2));
  mustCount(state, decidedAfter(state, first));
  mustCount(state, decidedAfter(state, accepted(update('v', 1, 2), thing(1, 3))));
  const speculation = createSpeculation(state);
  const { header } = speculation;
  const repeat = {
    type: 'decided',
    ...linkAfter(header),
    epoch: 0,
    offset: header.position + 1,
    ...first,
  } as const;
  speculation.add(record(repeat));
  expect(speculation.thing(1)).toMatchObject({ version: 3 });
});
