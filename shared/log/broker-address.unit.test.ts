import { expect, test } from 'vitest';
import { brokerHost, withColons, withoutColons } from './broker-address.ts';

test.each([
  ['[::1]:9092', '::1'],
  ['[fe80::1:2]:19092', 'fe80::1:2'],
  ['kafka-1.example:9092', 'kafka-1.example'],
  ['127.0.0.1:9092', '127.0.0.1'],
])('%s has the host %s, also by way of a name without colons', (broker, host) => {
  expect(brokerHost(broker)).toBe(host);
  const [name, port, ...more] = withoutColons(broker).split(':');
  expect([withColons(name!), port, more]).toEqual([host, broker.split(':').at(-1), []]);
});
