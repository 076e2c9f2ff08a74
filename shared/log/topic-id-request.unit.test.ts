import { expect, test } from 'vitest';
import { decodeTopicIdAnswer, encodeTopicIdRequest } from './topic-id-request.ts';

test('a topic is asked for by its name', () => {
  const bytes = encodeTopicIdRequest('ab');
  expect(bytes.toString('hex')).toBe(`00${'02'}${'00'.repeat(16)}${'03'}6162${'00'}${'00'}${'00'}${'00'}`);
  const long = encodeTopicIdRequest('x'.repeat(200));
  expect(long.subarray(18, 20).toString('hex')).toBe('c901');
});

test('the id is behind the brokers of the answer, with or without racks and tags', () => {
  const id = 'f47ac10b58cc4372a5670e02b2c3d479';
  const broker = `00000001${'0a'}${Buffer.from('127.0.0.1').toString('hex')}00002384${'00'}${'00'}`;
  const withRack = `00000002${'02'}61${'00002384'}${'02'}72${'01'}${'00'}${'02'}ffff`;
  const raw = `00${'00000000'}${'03'}${broker}${withRack}${'00'}00000001${'02'}0003${'02'}74${id}`;
  expect(decodeTopicIdAnswer(Buffer.from(raw, 'hex'))).toEqual({
    errorCode: 3,
    id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
  });
  expect(() => decodeTopicIdAnswer(Buffer.from(raw.slice(0, -2), 'hex'))).toThrow('cut off');
});
