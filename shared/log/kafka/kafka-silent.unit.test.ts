/** A Kafka that is not there, or accepts and never answers: both clients give up, in time, and say so. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { silentLogger } from '../../process/logger.ts';
import { connectKafkaLog } from './connect-kafka-log.ts';
import { KAFKA_CLIENTS } from '../kafka-access.ts';
import { CONNECT_PATIENCE_MS, REQUEST_TIMEOUT_MS } from '../kafka-timeouts.ts';

const LIMIT_MS = 30_000;

test.each(KAFKA_CLIENTS)(
  '%s gives up on a broker that never answers',
  { timeout: LIMIT_MS },
  async (client) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const brokers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
    const access = { client, brokers, clientId: 'silent', replicationFactor: 1 };
    await expect(connectKafkaLog(access, silentLogger())).rejects.toThrow();
    expect(sockets.length).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
    server.close();
  },
);

test.each(KAFKA_CLIENTS)(
  '%s gives up on a broker that is not there',
  { timeout: LIMIT_MS },
  async (client) => {
    const started = performance.now();
    const access = { client, brokers: ['127.0.0.1:1'], clientId: 'silent', replicationFactor: 1 };
    await expect(connectKafkaLog(access, silentLogger())).rejects.toThrow(/ECONNREFUSED|Cannot connect/);
    expect(performance.now() - started).toBeLessThan(CONNECT_PATIENCE_MS + REQUEST_TIMEOUT_MS);
  },
);
