/** Brokers that are given as IPv6 addresses, by way of a proxy on ::1. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { silentLogger } from '../../process/logger.ts';
import { connectKafkaLog } from './connect-kafka-log.ts';
import { KAFKA_CLIENTS } from '../kafka-access.ts';

const sockets = new Set<Socket>();
let connections = 0;
const proxy = createServer((client) => {
  connections++;
  const [host, port] = inject('stack').KAFKA_BROKERS.split(',')[0]!.split(':');
  const broker = connect({ host: host!, port: Number(port) });
  for (const socket of [client, broker]) {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  }
  client.pipe(broker).pipe(client);
});
beforeAll(() => new Promise<void>((resolve) => void proxy.listen(0, '::1', resolve)));
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  proxy.close();
});

test.each(KAFKA_CLIENTS)('%s connects to a broker at [::1], alone and in a list', async (client) => {
  const broker = `[::1]:${(proxy.address() as AddressInfo).port}`;
  for (const brokers of [[broker], [broker, broker]]) {
    const before = connections;
    const log = await connectKafkaLog(
      { client, clientId: 'ipv6', brokers, replicationFactor: 1 },
      silentLogger(),
    );
    expect(await log.partitions('there-is-no-such-topic')).toBeUndefined();
    expect(connections).toBeGreaterThan(before);
    await log.close();
  }
});
