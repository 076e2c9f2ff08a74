/** kill -9 of each process in the middle of 200 writes, and a restart: nothing acknowledged is lost, no answer changes. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, inject, test } from 'vitest';
import type { Api } from '../shared/domain/thing.ts';
import type { KafkaClientName } from '../shared/log/kafka-access.ts';
import { call, eventually, type Answer } from './http-client.ts';
import { startPlayground, type Playground, type Service } from './playground.ts';

const THINGS = 20;
const WRITES_PER_THING = 10;
const KILL_AFTER_WRITES = 80;

interface Write {
  readonly api: Api;
  readonly path: string;
  readonly body: object;
  readonly key: string;
  answer?: Answer;
}

let playground: Playground | undefined;
afterEach(async () => {
  await playground?.stop();
});

const send = (on: Playground, { api, path, body, key }: Write): Promise<Answer> =>
  call('POST', `${on[api]}${path}`, { body, headers: { 'idempotency-key': key } });

const state = ({ json }: Answer): string[] =>
  (json as Record<string, unknown>[]).map(
    ({ id, name, foo, version, created_on: createdOn, updated_on: updatedOn }) =>
      JSON.stringify([String(id), name, foo, String(version), createdOn, updatedOn]),
  );

const KAFKA_CLIENTS: readonly KafkaClientName[] = ['platformatic', 'kafkajs'];
const CASES = (['original', 'shiny'] as const).flatMap((master) =>
  KAFKA_CLIENTS.map((kafkaClient) => ({ master, kafkaClient })),
);

describe.each(CASES)('$master is master, through $kafkaClient,', ({ master, kafkaClient }) => {
  test.each<Service>(['original-api', 'shiny-api', 'updater'])('and %s is killed', async (victim) => {
    const env = { KAFKA_CLIENT: kafkaClient };
    const on = await startPlayground({ master, stack: inject('stack'), env });
    playground = on;
    const ids = await Promise.all(
      Array.from({ length: THINGS }, async (_, index) => {
        const api = index % 2 === 0 ? 'original' : 'shiny';
        const created = await call('POST', `${on[api]}/api/things/`, { body: { name: 'new', foo: index } });
        expect(created.status, created.text).toBe(200);
        return String(created.json.id);
      }),
    );

    let acknowledged = 0;
    let restarted: Promise<void> | undefined;
    const killAndRestart = async (): Promise<void> => {
      process.kill(on.pid(victim), 'SIGKILL');
      await eventually(async () =>
        expect(on.lines.some((line) => line.startsWith(`${victim} started again`))).toBe(true),
      );
    };
    /** Sends it, again and again under the same key, until a master has answered. */
    const write = async (one: Write): Promise<Write> => {
      for (;;) {
        const answer = await send(on, one).catch(() => undefined);
        if (answer !== undefined && answer.status < 500) {
          acknowledged++;
          if (acknowledged === KILL_AFTER_WRITES) restarted = killAndRestart();
          return { ...one, answer };
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const writes = (
      await Promise.all(
        ids.map(async (id, thing) => {
          const done: Write[] = [];
          for (let version = 0; version < WRITES_PER_THING; version++) {
            const api = (version + thing) % 2 === 0 ? 'original' : 'shiny';
            const body = { name: `${thing}/${version}`, foo: version, version };
            done.push(await write({ api, path: `/api/things/${id}`, body, key: randomUUID() }));
          }
          return done;
        }),
      )
    ).flat();
    expect(restarted).toBeDefined();
    await restarted;
    const culprit = on.lines.find((line) =>
      line.includes(`${victim} ended with signal 9, starting it again`),
    );
    expect(culprit).toBeDefined();

    // One writer per Thing, so each version must have been accepted, whatever died in between.
    expect(writes).toHaveLength(THINGS * WRITES_PER_THING);
    for (const { answer } of writes) expect(answer!.status, answer!.text).toBe(200);
    for (const one of writes) {
      const again = await send(on, one);
      expect([again.status, again.text]).toEqual([one.answer!.status, one.answer!.text]);
    }
    await eventually(async () => {
      const [original, shiny] = [
        await call('GET', `${on.original}/api/things/`),
        await call('GET', `${on.shiny}/api/things/`),
      ];
      expect(state(shiny)).toEqual(state(original));
      const versions = new Map(
        (original.json as { id: number; version: number }[]).map(({ id, version }) => [String(id), version]),
      );
      for (const id of ids) expect(versions.get(id)).toBe(WRITES_PER_THING);
    });
  });
});
