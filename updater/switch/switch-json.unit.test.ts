import { expect, test } from 'vitest';
import { createRecordCodec } from '../../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../../shared/records/schema-registry.ts';
import { compileBodyCheck } from '../../shared/http/request-check.ts';
import { SWITCH_BODY } from '../../shared/contracts/switches.ts';

const check = compileBodyCheck(SWITCH_BODY);
const withEpoch = (epoch: number): object => ({
  to: 'shiny',
  partitions: [0],
  expected_epochs: { '0': epoch },
});
const codec = await createRecordCodec(memorySchemaRegistry(), 'switch-shape');
const encode = (expectedEpoch: number): Buffer =>
  codec.encode({
    type: 'switch',
    commandId: 'a',
    requestedOn: 0,
    payloadHash: '',
    to: 'shiny',
    expectedEpoch,
    deadline: 0,
    allowLoss: false,
  });

test('takes each expected epoch that a record can hold', () => {
  for (const epoch of [0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
    expect(() => encode(epoch), String(epoch)).not.toThrow();
    expect(check(withEpoch(epoch))).toEqual(withEpoch(epoch));
  }
});

test('refuses an expected epoch that no record can hold, before anything is sent', () => {
  for (const epoch of [0.5, 2 ** 53, 1e21, 1e300]) {
    expect(() => encode(epoch), String(epoch)).toThrow();
    expect(() => check(withEpoch(epoch)), String(epoch)).toThrow(/"expected_epochs" must be .*2\^53 - 1/);
  }
  expect(() => check(withEpoch(-1))).toThrow(/expected_epochs/);
});
