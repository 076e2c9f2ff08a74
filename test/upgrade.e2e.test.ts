/** Two releases side by side on one namespace: this one, and the next one, which has a field more (docs/adding-a-field.md). */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { freePorts } from '../scripts/stack/ports.ts';
import { removeTemporaryFolder, temporaryFolder } from '../scripts/stack/temporary-folder.ts';
import { EXIT_CANNOT_START } from '../shared/process/lifecycle.ts';
import { call, eventually, type Answer } from './http-client.ts';
import { makeNextRelease, THIS_RELEASE } from './next-release.ts';
import { startPlayground, type Playground, type Service } from './playground.ts';

const TEST_MAX_MS = 240_000;
const READY_MAX_MS = 60_000;
const NOT_ENABLED = /nothing was written: "colour" cannot be set yet.*playground upgrade enable colour/;
const UNKNOWN =
  /feature colour is enabled at (commands|outcomes)\/\d+ (before )?offset \d+, this release does not know it: update it/;
const HALF = /sets the field (state\.)?colour, which this release does not know and would lose; update it/;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});
const freshFolder = (): string => {
  const folder = temporaryFolder('migration-playground-upgrade-');
  cleanUps.push(async () => removeTemporaryFolder(folder));
  return folder;
};

let next: string;
beforeEach(() => {
  next = freshFolder();
  makeNextRelease(next);
});

interface Running {
  readonly url: string;
  readonly ended: Promise<number | null>;
  said(): string;
  end(): Promise<unknown>;
}

const PORT_OF = { 'original-api': 'ORIGINAL_PORT', 'shiny-api': 'SHINY_PORT', updater: 'UPDATER_PORT' };

/** One more service, of a release, on the playground that runs. */
const start = async (
  release: string,
  service: Service,
  on: Playground,
  env: Record<string, string> = {},
): Promise<Running> => {
  const [port] = await freePorts(1);
  const said: string[] = [];
  const child = spawn(process.execPath, [join(release, service, 'main.ts')], {
    env: { ...on.env, DATA_DIR: freshFolder(), ...env, [PORT_OF[service]]: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const end = (): Promise<unknown> => {
    child.kill('SIGTERM');
    return ended;
  };
  cleanUps.push(end);
  return { url: `http://127.0.0.1:${port}`, ended, said: () => said.join(''), end };
};
const ready = async (running: Running): Promise<Running> => {
  await eventually(async () => {
    const answer = await call('GET', `${running.url}/health/ready`);
    expect(answer.status, answer.text + running.said()).toBe(200);
  }, READY_MAX_MS);
  return running;
};

const write = (api: string, path: string, body: object, key?: string): Promise<Answer> =>
  call('POST', `${api}/api/things/${path}`, {
    body,
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });
const read = (api: string, id: unknown): Promise<Answer> =>
  call('GET', `${api}/api/things/${String(id)}`, { headers: { 'cache-control': 'no-cache' } });
const done = (answer: Answer): Answer => {
  expect(answer.status, answer.text).toBe(200);
  return answer;
};
const playground = (env: Record<string, string>, ...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const command = [join(next, 'scripts/cli/main.ts'), ...args];
    execFile(process.execPath, command, { env: { ...process.env, ...env } }, (error, out, err) =>
      error === null ? resolve(out) : reject(new Error(out + err)),
    );
  });

test(
  'a field more: two releases decide together, nobody loses it, and the older one stops by name once it is enabled',
  async () => {
    const old = await startPlayground({ master: 'original', stack: inject('stack') });
    cleanUps.push(() => old.stop());
    const created = done(await write(old.original, '', { name: 'chair', foo: 4 }, 'k-create'));
    const { id } = created.json as { id: number };
    const path = String(id);
    const updated = done(await write(old.shiny, path, { name: 'stool', foo: 5, version: '0' }, 'k-update'));
    const refused = await write(old.original, path, { name: 'sofa', foo: 5, version: 0 }, 'k-refused');
    expect(refused.status).toBe(409);

    // Updaters first, then Original, then Shiny; all of the old ones live.
    const firstUpdater = await ready(await start(next, 'updater', old, { ORIGINAL_URL: old.original }));
    const original = await ready(await start(next, 'original-api', old));
    const newer = { ORIGINAL_URL: original.url };
    const shiny = await ready(await start(next, 'shiny-api', old, newer));

    for (const [api, before, request, key] of [
      [original.url, created, { name: 'chair', foo: 4 }, 'k-create'],
      [old.original, created, { name: 'chair', foo: 4 }, 'k-create'],
    ] as const)
      expect(done(await write(api, '', request, key)).json).toMatchObject(before.json as object);
    for (const api of [shiny.url, old.shiny]) {
      const again = await write(api, path, { name: 'stool', foo: 5, version: '0' }, 'k-update');
      expect(done(again).json).toMatchObject(updated.json as object);
    }
    const refusedAgain = await write(original.url, path, { name: 'sofa', foo: 5, version: 0 }, 'k-refused');
    expect([refusedAgain.status, refusedAgain.json]).toEqual([409, refused.json]);

    for (const api of [original.url, shiny.url]) {
      expect(done(await read(api, id)).json).toMatchObject({ name: 'stool', colour: '' });
      const list = done(await call('GET', `${api}/api/things/`)).json as object[];
      for (const thing of list) expect(thing).toHaveProperty('colour', '');
      const early = await write(api, '', { name: 'table', foo: 1, colour: 'red' });
      expect([early.status, early.json['error-message']]).toEqual([
        400,
        expect.stringMatching(NOT_ENABLED) as string,
      ]);
    }
    for (const api of [old.original, old.shiny]) {
      expect(done(await read(api, id)).json).not.toHaveProperty('colour');
      const early = await write(api, '', { name: 'table', foo: 1, colour: 'red' });
      expect(early.json['error-message']).toMatch(/"colour" is not a field here/);
    }
    // What one release writes the other one decides and shows.
    for (const [from, to] of [
      [shiny.url, old.shiny],
      [old.shiny, shiny.url],
      [original.url, old.original],
      [old.original, original.url],
    ] as const) {
      const made = done(await write(from, '', { name: 'mixed', foo: 1 }));
      expect(done(await read(to, made.json.id)).json).toMatchObject({ name: 'mixed', foo: 1 });
    }

    // The old ones end, but for one updater that somebody has forgotten. The new updater takes over an old store.
    await Promise.all([old.end(), firstUpdater.end()]);
    const dataDir = old.env['DATA_DIR']!;
    const forgotten = await start(THIS_RELEASE, 'updater', old, newer);
    const updater = await ready(await start(next, 'updater', old, { ...newer, DATA_DIR: dataDir }));
    expect(updater.said()).toMatch(/of another release/);
    expect(updater.said()).toMatch(/thrown away and rebuilt from the log/);
    await ready(forgotten);
    done(await write(shiny.url, '', { name: 'by either', foo: 1 }));

    const cli = { UPDATER_URL: updater.url, ORIGINAL_URL: original.url, SHINY_URL: shiny.url };
    await expect(playground(cli, 'upgrade', 'enable', 'size', '--yes')).rejects.toThrow(
      /does not know the feature size/,
    );
    const behind = playground({ ...cli, SHINY_URL: old.shiny }, 'upgrade', 'enable', 'colour', '--yes');
    await expect(behind).rejects.toThrow(/Shiny at .* does not (know|say which)/);
    await expect(playground(cli, 'upgrade', 'enable', 'colour')).rejects.toThrow(/say --yes/);
    expect(await playground(cli, 'upgrade', 'enable', 'colour', '--yes')).toMatch(/^ *0 +colour$/m);
    expect(await forgotten.ended).toBe(EXIT_CANNOT_START);
    expect(forgotten.said()).toMatch(UNKNOWN);

    // Through both masters, and a switch each way.
    const red = done(await write(original.url, '', { name: 'lamp', foo: 1, colour: 'red' }, 'k-red'));
    const lamp = red.json.id as number;
    expect(red.json).toMatchObject({ colour: 'red', version: 0 });
    expect(done(await read(shiny.url, lamp)).json).toMatchObject({ colour: 'red', version: '0' });
    const blue = { name: 'lamp', foo: 2, version: '0', colour: 'blue' };
    expect(done(await write(shiny.url, String(lamp), blue)).json).toMatchObject({ colour: 'blue' });

    await playground(cli, 'master', 'switch', '--to', 'shiny', '--deadline', '20s', '--yes');
    expect(done(await read(original.url, lamp)).json).toMatchObject({ colour: 'blue', version: 1 });
    const green = { name: 'lamp', foo: 3, version: 1, colour: 'green' };
    expect(done(await write(original.url, String(lamp), green)).json).toMatchObject({ colour: 'green' });
    const repeat = await write(shiny.url, '', { name: 'lamp', foo: 1, colour: 'red' }, 'k-red');
    expect(done(repeat).json).toMatchObject({ id: String(lamp), colour: 'red', version: '0' });
    expect((await write(shiny.url, '', { name: 'lamp', foo: 1 }, 'k-red')).status).toBe(422);

    await playground(cli, 'master', 'switch', '--to', 'original', '--deadline', '20s', '--yes');
    for (const api of [original.url, shiny.url])
      expect(done(await read(api, lamp)).json).toMatchObject({ colour: 'green', foo: 3 });
    const plain = { name: 'lamp', foo: 4, version: 2 };
    expect(done(await write(original.url, String(lamp), plain)).json).toMatchObject({ colour: '' });

    // Whoever of the old release starts again stops by name: at the record that enables, or at one that it would read by half.
    const services = ['updater', 'shiny-api', 'original-api'] as const;
    const again = await Promise.all(services.map((service) => start(THIS_RELEASE, service, old, newer)));
    expect(await Promise.all(again.map(({ ended }) => ended))).toEqual(services.map(() => EXIT_CANNOT_START));
    for (const one of again) expect(one.said()).toMatch(new RegExp(`${UNKNOWN.source}|${HALF.source}`));
  },
  TEST_MAX_MS,
);
