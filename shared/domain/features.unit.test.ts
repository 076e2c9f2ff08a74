import { expect, test } from 'vitest';
import { mustCount, NOW, record, stateAfterGenesis } from '../../test/outcome-log.ts';
import { textField } from './added-fields.ts';
import { commandFault } from './command-check.ts';
import { enableHash, type EnableCommand } from './command.ts';
import { decideFromFold, decideStateOf, enabledBy } from './decide.ts';
import { notEnabled, unknownFeature, withFeature } from './features.ts';
import { linkAfter } from './fold.ts';
import type { PartitionState } from './partition-state.ts';

const enable = (feature: string, commandId = `enable-${feature}`): EnableCommand => ({
  type: 'enable',
  commandId,
  requestedOn: NOW,
  payloadHash: enableHash(feature),
  feature,
});

/** As an updater decides it, whoever is master. */
const decided = (state: PartitionState, command: EnableCommand): void => {
  const decision = decideFromFold(decideStateOf(state), command)!;
  const { header } = state;
  const link = { ...linkAfter(header), epoch: header.epoch, offset: header.position + 1 };
  const feature = enabledBy(command, decision);
  mustCount(state, record({ type: 'decided', ...link, ...decision, feature }));
};

test.each(['original', 'shiny'] as const)(
  'an enable is decided from the log alone while %s is master, and the fold keeps features sorted, each once',
  (master) => {
    const state = stateAfterGenesis(master);
    decided(state, enable('size'));
    decided(state, enable('colour'));
    decided(state, enable('colour', 'again'));
    expect(state.header.features).toEqual(['colour', 'size']);
    expect(state.answers.get('again')?.answer.code).toBe('accepted');
  },
);

test('an id that stands for another request enables nothing', () => {
  const state = stateAfterGenesis('shiny');
  decided(state, enable('size', 'k'));
  decided(state, enable('colour', 'k'));
  expect(state.header.features).toEqual(['size']);
});

test('a name that no field can have is passed over', () => {
  expect(commandFault(enable('colour'), 0, 4)).toBeUndefined();
  for (const name of ['', 'a b', '1st', 'a'.repeat(65), 'Farbe\0'])
    expect(commandFault(enable(name, 'k'), 0, 4), name).toMatch(/feature/);
});

test('an unknown feature is named with its place, and what to do', () => {
  expect(unknownFeature(['colour'], 'commands/3 offset 9', ['colour'])).toBeUndefined();
  expect(unknownFeature(['colour', 'size'], 'commands/3 offset 9', ['colour'])).toBe(
    'feature size is enabled at commands/3 offset 9, this release does not know it: update it',
  );
});

test('another value than the default waits until the field is enabled', () => {
  const table = { colour: textField(40) };
  expect(notEnabled({ colour: '' }, 3, [], table)).toBeUndefined();
  expect(notEnabled({ name: 'chair' }, 3, [], table)).toBeUndefined();
  expect(notEnabled({ colour: 'red' }, 3, withFeature([], 'colour'), table)).toBeUndefined();
  expect(notEnabled({ colour: 'red' }, 3, ['size'], table)).toMatch(
    /"colour" cannot be set yet.*partition 3.*playground upgrade enable colour/,
  );
});
