/** The commands of the README do what it says. `make run` and `make test` themselves are run by local-stack and by CI. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { COMPARISONS } from '../bench/comparisons.ts';
import { eventually } from './http-client.ts';
import { startPlayground, type Playground } from './playground.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const MAKEFILE = readFileSync(join(ROOT, 'Makefile'), 'utf8');
const BLOCKS = [...README.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!);

const block = (containing: string): string => BLOCKS.find((one) => one.includes(containing))!;

const shell = (script: string, env: Record<string, string | undefined>): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['-euc', script],
      { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 },
      (error, out, err) =>
        error === null ? resolve(out) : reject(new Error(`${error.message}\n${out}\n${err}`)),
    );
  });

let playground: Playground | undefined;
afterEach(async () => {
  await playground?.stop();
  playground = undefined;
});

/** Each line of the tour starts a process or two. */
const TOUR_MAX_MS = 180_000;

describe('the README', () => {
  test('names only targets of the Makefile, scripts of package.json and files that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const targets = [...README.matchAll(/(?:^|`)make ([a-z-]+)/gm)].map(([, target]) => target!);
    expect(targets.length).toBeGreaterThan(5);
    const comparisons = COMPARISONS.map(({ name }) => `bench-${name}`);
    for (const target of targets) {
      if (comparisons.some((name) => name.startsWith(target)) && target !== 'bench') continue;
      expect(MAKEFILE).toMatch(new RegExp(`^${target}:.*## `, 'm'));
    }
    for (const [, script] of README.matchAll(/npm run ([a-z-]+)/g))
      expect(Object.keys(scripts)).toContain(script);
    for (const [, file] of README.matchAll(/\]\((?!http)([^)#]+)\)/g))
      expect(existsSync(join(ROOT, file!)), file).toBe(true);
    for (const [, folder] of README.matchAll(/^\| `([a-z/-]+)`/gm))
      expect(existsSync(join(ROOT, folder!)), folder).toBe(true);
  });

  test(
    'its tour works as it is written',
    async () => {
      const on = await startPlayground({ master: 'original', stack: inject('stack') });
      playground = on;
      const tour = BLOCKS.find((block) => block.includes('Create a Thing'))!
        .replaceAll('127.0.0.1:3000', new URL(on.original).host)
        .replaceAll('127.0.0.1:9000', new URL(on.shiny).host);
      const said = await shell(tour, { ...on.env, ...inject('stack') });
      for (const pattern of [
        /\{"id":\d+,"name":"chair","foo":4,[^}]*"version":0\}/,
        /\{"id":"\d+","name":"chair","foo":4,[^}]*"version":"0"\}/,
        /\{"id":"\d+","name":"armchair","foo":4,[^}]*"version":"1"\}/,
        /already stands for another request/,
        /the version is not the current one: Thing \d+ is at version 1/,
        /"id":"tour-\d+","kind":"update".*"decided_by":"original"/,
        /"record":\{"type":"original-entry"/,
        /"record":\{"type":"update"/,
        /"record":\{"type":"genesis"/,
        /"record":\{"type":"decided"/,
        /"record":\{"type":"observed"/,
      ]) {
        expect(said).toMatch(pattern);
      }
      await eventually(async () => {
        const latest = await shell('make readtopic topic=things FOLLOW=false', {
          ...on.env,
          ...inject('stack'),
        });
        expect(latest).toMatch(
          /"record":\{"type":"thing","id":\d+,"name":"armchair"[^}]*"version":2,"deleted":true\}/,
        );
      });
      const addresses = { ORIGINAL_URL: on.original, SHINY_URL: on.shiny, UPDATER_URL: on.updater };
      const switched = await shell(block('master switch --to shiny'), {
        ...on.env,
        ...inject('stack'),
        ...addresses,
      });
      expect(switched).toMatch(
        /1 of 1 switched.*refused writes: 0[^]*11 of 11 switched[^]*12 of 12 switched/,
      );
      const judged = await shell(
        block('check /tmp/history.jsonl')
          .replaceAll('/tmp', on.env['DATA_DIR']!)
          .replace('--for 30s', '--for 3s'),
        { ...on.env, ...inject('stack'), ...addresses },
      );
      expect(judged).toMatch(/unknown 0, refused 0[^]*Clean: no violation/);

      const measured = await shell('npm run --silent measure', {
        ORIGINAL_URL: on.original,
        SHINY_URL: on.shiny,
        UPDATER_URL: on.updater,
        REQUESTS: '20',
        WARM_UP: '5',
      });
      expect(measured).toMatch(/write through Shiny +p50 +\d/);
      expect(measured).toMatch(/memory of updater +\d+ MiB/);
    },
    TOUR_MAX_MS,
  );

  test('make help lists every target with a line; make clean leaves what is not ours, and says so', async () => {
    const help = await shell('make help', {});
    for (const [, target] of MAKEFILE.matchAll(/^([a-z-]+):.*## /gm))
      expect(help).toMatch(new RegExp(`^  make ${target} +\\S`, 'm'));
    const folder = mkdtempSync(join(tmpdir(), 'migration-playground-clean-'));
    mkdirSync(join(folder, 'precious', 'photos'), { recursive: true });
    const cleaned = shell('make clean', {
      STACK_DIR: join(folder, 'stack'),
      DATA_DIR: join(folder, 'precious'),
    });
    await expect(cleaned).rejects.toThrow(
      /stack: not there\n.*precious: left as it is: it has no mark of ours/,
    );
    expect(existsSync(join(folder, 'precious', 'photos'))).toBe(true);
    rmSync(folder, { recursive: true });
  });
});

describe('check-needs.sh', () => {
  const check = (
    tools: Record<string, string>,
    env: Record<string, string> = {},
  ): Promise<{ status: number; out: string }> => {
    const folder = mkdtempSync(join(tmpdir(), 'migration-playground-needs-'));
    for (const [name, script] of Object.entries(tools))
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return new Promise((resolve) => {
      const child = execFile(
        '/bin/sh',
        [join(ROOT, 'scripts/check-needs.sh'), 'run'],
        { env: { PATH: `${folder}:/nowhere`, ...env } },
        (_error, out, err) => {
          rmSync(folder, { recursive: true });
          resolve({ status: child.exitCode ?? -1, out: out + err });
        },
      );
    });
  };
  const sed = 'exec /bin/sed "$@"';
  const node = { node: 'echo 24', npm: 'true', sed, head: 'exec /usr/bin/head "$@"' };
  const java = (version: string) => ({ java: `echo 'openjdk version "${version}"' >&2` });

  test('with everything, the stack is local', async () => {
    expect(await check({ ...node, ...java('21.0.1'), mvn: 'true' })).toEqual({ status: 0, out: 'local\n' });
  });
  test('names all that is missing, with the way to get it, and offers the embedded mode', async () => {
    const { status, out } = await check({ ...node, ...java('11.0.1') });
    expect(status).toBe(1);
    expect(out).toMatch(/Java >= 17: https.*\n.*Maven: https[^]*make run EMBEDDED=1/);
    expect((await check({ node: 'echo 18', sed })).out).toMatch(/Node >= 20: https.*\n.*npm: /);
  });
  test('a docker engine that answers will do, and so will addresses that are given', async () => {
    expect((await check({ ...node, docker: 'true' })).out).toBe('docker\n');
    expect((await check({ ...node, docker: 'false' })).status).toBe(1);
    expect((await check(node, { KAFKA_BROKERS: 'x:1', SCHEMA_REGISTRY_URL: 'http://x' })).out).toBe(
      'given\n',
    );
  });
});
