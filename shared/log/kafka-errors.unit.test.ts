import { expect, test } from 'vitest';
import { brokerError, isFaultOfOneRecord } from './kafka-errors.ts';

test.each([
  [32, 'INVALID_TIMESTAMP', 'definite'],
  [10, 'MESSAGE_TOO_LARGE', 'definite'],
  [29, 'TOPIC_AUTHORIZATION_FAILED', 'definite'],
  [6, 'NOT_LEADER_OR_FOLLOWER', 'retry'],
  [19, 'NOT_ENOUGH_REPLICAS', 'retry'],
  [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'unsure'],
  [7, 'REQUEST_TIMED_OUT', 'unsure'],
  [58, 'SASL_AUTHENTICATION_FAILED', 'fatal'],
  [9_999, 'ERROR_9999', 'unsure'],
] as const)('code %i is %s: %s', (code, name, kind) => {
  expect(brokerError(code)).toEqual({ name, kind });
});

test('only what one record may cause is looked for by halving', () => {
  expect(isFaultOfOneRecord(brokerError(32))).toBe(true);
  expect(isFaultOfOneRecord(brokerError(18))).toBe(true);
  expect(isFaultOfOneRecord(brokerError(29))).toBe(false);
});
