import { describe, expect, test } from 'vitest';
import { create, NOW, PARTITIONS, remove, update } from '../../test/outcome-log.ts';
import { commandFault } from './command-check.ts';
import { partitionOfCommand, type Command, type UpdateCommand } from './command.ts';
import { NAME_MAX_CODE_POINTS, TIME_MAX } from './limits.ts';

const UPDATE = update('u', 5, 0) as UpdateCommand;
const fault = (command: Command, partition = 1): string | undefined =>
  commandFault(command, partition, PARTITIONS);

describe('P17: what can be decided where it lies', () => {
  test('given commands in the partition of their Thing, and a create in that of its id, then they can', () => {
    const made = create('c');
    expect(fault(made, partitionOfCommand(made as never, PARTITIONS))).toBeUndefined();
    for (const command of [UPDATE, remove('r', 5, 3)]) expect(fault(command)).toBeUndefined();
  });
  test('given another partition, then it says which one is right', () =>
    expect(fault(UPDATE, 2)).toBe('it belongs to partition 1 and not to 2'));
  test.each<[string, Partial<UpdateCommand>]>([
    ['an empty name', { name: '' }],
    ['a name with NUL', { name: 'a\0' }],
    ['half a character', { name: '\ud800' }],
    ['a name that is too long', { name: '😀'.repeat(NAME_MAX_CODE_POINTS + 1) }],
    ['a foo that is no number', { foo: Number.NaN }],
    ['no Thing', { thingId: 0 }],
    ['a version below 0', { version: -1 }],
    ['a time beyond the year 9999', { createdOn: TIME_MAX + 1 }],
    ['a time of asking that is none', { requestedOn: Number.MAX_SAFE_INTEGER }],
    ['an id with a space', { commandId: 'a b' }],
    ['an id that is too long', { commandId: 'a'.repeat(129) }],
  ])('given %s, then it cannot', (_what, change) =>
    expect(fault({ ...UPDATE, ...change })).toMatch(/none|not finite/),
  );
  test('given a mark or a switch, then its partition is wherever it lies', () => {
    const mark = { type: 'mark', commandId: 'm', requestedOn: NOW, payloadHash: 'h', label: 'l' } as const;
    for (const partition of [0, 1, 2]) expect(fault(mark, partition)).toBeUndefined();
  });
});
