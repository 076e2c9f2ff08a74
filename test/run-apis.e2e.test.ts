/** `run-apis`: whose `ready` counts, and what becomes of a service that cannot start. */
import { createServer } from 'node:http';
import { expect, inject, test } from 'vitest';
import { freePorts } from '../scripts/stack/ports.ts';
import { EXIT_CANNOT_START } from '../shared/process/lifecycle.ts';
import { call, eventually } from './http-client.ts';
import { freshNamespace } from './fresh-database.ts';
import { startPlayground } from './playground.ts';

test('the ready of another playground on our ports is not ours: it ends at once, and says why', async () => {
  const stranger = await startPlayground({ master: 'original', stack: inject('stack') });
  try {
    const ready = await call('GET', `${stranger.shiny}/health/ready`);
    expect(ready.json).toEqual({
      status: 'ready',
      genesis: expect.stringMatching(/^[0-9a-f-]{36}$/),
      pid: stranger.pid('shiny-api'),
      features: [],
    });
    const ports = {
      ORIGINAL_PORT: new URL(stranger.original).port,
      SHINY_PORT: new URL(stranger.shiny).port,
      UPDATER_PORT: new URL(stranger.updater).port,
    };
    const second = startPlayground({
      master: 'original',
      stack: inject('stack'),
      env: { ...ports, NAMESPACE: freshNamespace() },
    });
    const said = await second.then(
      (on) => on.stop().then(() => 'ready'),
      (error: unknown) => (error as Error).message,
    );
    expect(said).toMatch(new RegExp(`^ended with ${EXIT_CANNOT_START}:`));
    // Whichever of them finds it out first.
    expect(said).toMatch(/port \d+ is taken|ORIGINAL_URL=\S+ leads to the Original API of genesis/);
    expect(said).not.toMatch(/starting it again|ready after/);
  } finally {
    await stranger.stop();
  }
});

test('a service that cannot start again is given up; the others go on', async () => {
  const on = await startPlayground({ master: 'original', stack: inject('stack') });
  const port = Number(new URL(on.updater).port);
  const thief = createServer((_request, response) => void response.end('{"status": "ready"}'));
  try {
    process.kill(on.pid('updater'), 'SIGKILL');
    await eventually(
      () =>
        new Promise<void>((resolve, reject) =>
          thief.once('error', reject).listen(port, '127.0.0.1', resolve),
        ),
    );
    const all = (): string => on.lines.join('\n');
    await eventually(async () => expect(all()).toMatch(/updater is given up.*every 30 s.*\n[^]*is taken/));
    expect((await call('GET', `${on.original}/api/things/`)).status).toBe(200);
    expect((await call('GET', `${on.shiny}/health/ready`)).status).toBe(200);
    expect(await on.end()).toBe(0);
  } finally {
    thief.close();
    await on.stop();
  }
});

test('IPv6 addresses to listen on get brackets where they are used and printed', async () => {
  const env = { ORIGINAL_HOST: '::1', SHINY_HOST: '::1', UPDATER_HOST: '::1' };
  const [original, shiny, updater] = await freePorts(3);
  const ports = { ORIGINAL_PORT: String(original), SHINY_PORT: String(shiny), UPDATER_PORT: String(updater) };
  const on = await startPlayground({ master: 'shiny', stack: inject('stack'), env: { ...env, ...ports } });
  try {
    expect(on.lines.join('\n')).toContain(`http://[::1]:${original} `);
    const created = await call('POST', `http://[::1]:${shiny}/api/things/`, { body: { name: 'a', foo: 1 } });
    expect(created.status).toBe(200);
  } finally {
    await on.stop();
  }
});
