import { describe, expect, test } from 'vitest';
import {
  partitionOfCommand,
  thingCommand,
  type ThingCommand,
  type ThingChange,
  type UpdateCommand,
} from '../../shared/domain/command.ts';
import {
  INTERNAL_ABORT_BODY,
  INTERNAL_DECIDE_BODY,
  INTERNAL_FENCE_BODY,
  type InternalDecideBody,
} from '../../shared/contracts/original-internal.ts';
import { compileBodyCheck } from '../../shared/http/request-check.ts';
import { checkDecideBody } from './decide-check.ts';

const PARTITIONS = 12;
const NOW = Date.UTC(2026, 0);
const checkBody = compileBodyCheck(INTERNAL_DECIDE_BODY);
const check = (body: object): void => checkDecideBody(checkBody(body) as InternalDecideBody, PARTITIONS);

const bodyOf = (command: ThingCommand): InternalDecideBody => ({
  partition: partitionOfCommand(command, PARTITIONS),
  token: 3,
  command,
});
const commandOf = (request: ThingChange, commandId = 'key-1') => thingCommand(request, commandId, NOW);
const CREATE = commandOf({ type: 'create', name: 'chair', foo: 4.5 });
const UPDATE = commandOf({
  type: 'update',
  thingId: 7,
  version: 0,
  name: 'sofa',
  foo: -1,
  createdOn: NOW,
  updatedOn: null,
});
const DELETE = commandOf({ type: 'delete', thingId: 2 ** 53 - 1, version: 4 });
const BAD = expect.objectContaining({ code: 'bad-request' });
const UNDECIDABLE = expect.objectContaining({ code: 'undecidable' });

test.each([
  ['create', CREATE],
  ['update', UPDATE],
  ['delete', DELETE],
] as const)('a %s as the log holds it passes, there and back through JSON', (_kind, command) => {
  expect(() => check(JSON.parse(JSON.stringify(bodyOf(command))) as object)).not.toThrow();
});
test('extreme values of the public limits pass', () => {
  const name = '\u{1f600}'.repeat(1_000);
  const create = thingCommand(
    { type: 'create', name, foo: 1.7e308 },
    '!'.repeat(128),
    Date.UTC(9999, 11, 31),
  );
  expect(() => check(bodyOf(create))).not.toThrow();
  const old = thingCommand(
    { type: 'delete', thingId: 1, version: 0 },
    '~',
    Date.parse('0000-01-01T00:00:00Z'),
  );
  expect(() => check(bodyOf(old))).not.toThrow();
});

describe('refused is', () => {
  test.each([CREATE, UPDATE, DELETE])('a command of another partition', (command) => {
    const body = bodyOf(command);
    for (let away = 1; away < PARTITIONS; away++)
      expect(() => check({ ...body, partition: (body.partition + away) % PARTITIONS })).toThrow(UNDECIDABLE);
  });
  test('a hash that is not that of the command', () => {
    expect(() => check(bodyOf({ ...UPDATE, payloadHash: CREATE.payloadHash }))).toThrow(UNDECIDABLE);
    expect(() => check(bodyOf({ ...CREATE, name: 'stool' } as ThingCommand))).toThrow(UNDECIDABLE);
    expect(() => check(bodyOf({ ...UPDATE, payloadHash: 'x' }))).toThrow(UNDECIDABLE);
  });
  test.each([
    ['name', 1],
    ['foo', Infinity],
    ['foo', Number.NaN],
    ['foo', '1'],
    ['thingId', 1.5],
    ['requestedOn', null],
    ['type', 'switch'],
    ['extra', 1],
  ])('%s %j, by the schema', (field, value) => {
    const command = { ...UPDATE, [field]: value } as ThingCommand;
    expect(() => checkBody({ partition: 7, token: 3, command })).toThrow(BAD);
  });
  test.each([
    ['name', ''],
    ['name', 'x'.repeat(1_001)],
    ['name', 'a\0b'],
    ['name', '\ud800'],
    ['thingId', 0],
    ['thingId', -5],
    ['version', -1],
    ['createdOn', 253_402_300_800_000],
    ['updatedOn', -62_167_219_200_001],
    ['requestedOn', 253_402_300_800_000],
    ['requestedOn', -62_167_219_200_001],
    ['commandId', ''],
    ['commandId', 'a b'],
    ['commandId', 'ä'],
    ['commandId', 'x'.repeat(129)],
  ])('%s %j, as no decider takes it', (field, value) => {
    const changed = { ...UPDATE, [field]: value } as UpdateCommand;
    const command = thingCommand(changed, changed.commandId, changed.requestedOn);
    expect(() => check({ partition: 7, token: 3, command })).toThrow(/ is none/);
  });
  test.each([-1, 2 ** 53, 1.5, '3', null])('the fencing epoch %j', (token) => {
    expect(() => checkBody({ ...bodyOf(CREATE), token })).toThrow(BAD);
  });
  test.each([
    { partition: 0, epoch: 0 },
    { partition: 0, epoch: 2 ** 53 },
    { partition: -1, epoch: 1 },
    { partition: 0.5, epoch: 1 },
    { partition: 0, epoch: 1, more: 1 },
    { partition: 0 },
  ])('a fence and an abort of %j', (body) => {
    expect(() => compileBodyCheck(INTERNAL_FENCE_BODY)(body)).toThrow(BAD);
    expect(() => compileBodyCheck(INTERNAL_ABORT_BODY)({ reason: 'x', ...body })).toThrow(BAD);
  });
  test.each(['', 'a\0b', '\udc00', 'x'.repeat(1_001)])('the reason %j', (reason) => {
    const check = compileBodyCheck(INTERNAL_ABORT_BODY);
    expect(() => check({ partition: 0, epoch: 1, reason })).toThrow(BAD);
  });
});
