/**
 * What a running playground does for one client: time of writes and reads through both APIs, and the memory of the
 * services. Orders of magnitude for a README, not a benchmark: `npm run measure`, beside `make run`.
 */
import { Client } from 'undici';
import { apiTokenOf, apiTokenSettings } from '../shared/http/wall-settings.ts';
import { integer, settingsOrExit, url } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';
import { print } from '../shared/process/print.ts';
import { percentile } from '../shared/process/percentile.ts';

const settings = settingsOrExit({
  name: 'measure',
  purpose: 'times writes and reads of one client through both APIs of a running playground',
  version: VERSION,
  settings: {
    ORIGINAL_URL: { parse: url('http'), help: 'the Original API', default: 'http://127.0.0.1:3000' },
    SHINY_URL: { parse: url('http'), help: 'the Shiny API', default: 'http://127.0.0.1:9000' },
    UPDATER_URL: { parse: url('http'), help: 'the updater', default: 'http://127.0.0.1:9090' },
    ...apiTokenSettings,
    REQUESTS: { parse: integer(10, 1_000_000), help: 'timed requests of each kind', default: '1000' },
    WARM_UP: { parse: integer(0, 1_000_000), help: 'requests before, not timed', default: '300' },
  },
});

const shown = (sorted: readonly number[], share: number): string =>
  `${percentile(sorted, share).toFixed(1).padStart(6)} ms`;

const time = async (what: string, work: () => Promise<void>): Promise<void> => {
  for (let request = 0; request < settings.WARM_UP; request++) await work();
  const times: number[] = [];
  for (let request = 0; request < settings.REQUESTS; request++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  print(`${what.padEnd(24)} p50 ${shown(times, 0.5)}   p99 ${shown(times, 0.99)}   max ${shown(times, 1)}`);
};

const request = async (
  client: Client,
  method: 'GET' | 'POST',
  path: string,
  headers: Record<string, string>,
  body?: string,
) => {
  const answer = await client.request({ path, method, headers, body: body ?? null });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`);
  return text;
};

const memory = async (base: string): Promise<string> => {
  const metrics = await (await fetch(`${base}/metrics`)).text();
  const [, bytes] = /^process_resident_memory_bytes\{[^}]*\} (\d+)/m.exec(metrics) ?? [];
  return `${Math.round(Number(bytes) / 2 ** 20)} MiB`;
};

const token = apiTokenOf(settings);
const JSON_BODY: Record<string, string> = {
  'content-type': 'application/json',
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
};
for (const [name, base] of [
  ['Original', settings.ORIGINAL_URL],
  ['Shiny', settings.SHINY_URL],
] as const) {
  const client = new Client(base);
  const created = await request(client, 'POST', '/api/things/', JSON_BODY, '{"name":"measured","foo":0}');
  const { id } = JSON.parse(created) as { id: number | string };
  let version = 0;
  await time(`write through ${name}`, async () => {
    const body = JSON.stringify({ name: 'measured', foo: version, version });
    await request(client, 'POST', `/api/things/${id}`, JSON_BODY, body);
    version++;
  });
  await time(`read from ${name}`, async () => void (await request(client, 'GET', `/api/things/${id}`, {})));
  await time(
    `no-cache read, ${name}`,
    async () => void (await request(client, 'GET', `/api/things/${id}`, { 'cache-control': 'no-cache' })),
  );
  await client.close();
}
for (const [name, base] of [
  ['original-api', settings.ORIGINAL_URL],
  ['shiny-api', settings.SHINY_URL],
  ['updater', settings.UPDATER_URL],
] as const) {
  print(`memory of ${name.padEnd(14)} ${await memory(base)}`);
}
