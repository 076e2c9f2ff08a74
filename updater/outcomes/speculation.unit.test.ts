import { expect, test } from 'vitest';
import { decidedAfter, mustCount, record, stateAfterGenesis, thing, update } from '../../test/outcome-log.ts';
import { accepted, refused } from '../../shared/domain/answer.ts';
import { linkAfter } from '../../shared/domain/fold.ts';
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
    feature: null,
    ...linkAfter(header),
    epoch: 0,
    offset: header.position + 1,
    ...first,
  } as const;
  speculation.add(record(repeat));
  expect(speculation.thing(1)).toMatchObject({ version: 3 });
});

test('a 422 does not hide the first answer, read back or not', () => {
  const state = stateAfterGenesis('shiny');
  const first = accepted(update('u', 1, 1), thing(1, 2));
  mustCount(state, decidedAfter(state, first));
  const speculation = createSpeculation(state);
  const reused = refused(update('u', 1, 9), { code: 'reused' });
  const { header } = speculation;
  const link = { ...linkAfter(header), epoch: 0, offset: header.position + 1 };
  speculation.add(record({ type: 'decided', feature: null, ...link, ...reused }));
  expect(speculation.answer('u')).toMatchObject({ answer: { code: 'accepted' } });
});
