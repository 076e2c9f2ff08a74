import { expect, test } from 'vitest';
import { decodeTopicIdAnswer, encodeTopicIdRequest } from './topic-id-request.ts';

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'hex');

test('a topic is asked for by its name', () => {
  const noId = '00'.repeat(16);
  expect(encodeTopicIdRequest('ab')).toEqual(hex('00', '02', noId, '03', '6162', '00', '0000', '00'));
  expect(encodeTopicIdRequest('x'.repeat(200)).subarray(18, 20)).toEqual(hex('c901'));
});

test('the id is behind the brokers of the answer, with or without racks and tags', () => {
  const id = 'f47ac10b58cc4372a5670e02b2c3d479';
  const plain = hex('00000001', '02', '61', '00002384', '00', '00').toString('hex');
  const rackAndTag = hex('00000002', '02', '62', '00002384', '02', '72', '01', '00', '02', 'ffff').toString(
    'hex',
  );
  const head = ['00', '00000000', '03', plain, rackAndTag, '00', '00000001'];
  const answer = hex(...head, '02', '0003', '02', '74', id);
  expect(decodeTopicIdAnswer(answer)).toEqual({ errorCode: 3, id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479' });
  expect(() => decodeTopicIdAnswer(answer.subarray(0, -1))).toThrow('cut off');
});
