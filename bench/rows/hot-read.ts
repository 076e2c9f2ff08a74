/** Row 1: reads of hot Things on Shiny. */
import autocannon from 'autocannon';
import type { Comparison, Sample } from '../kit/comparison.ts';
import { quantile } from '../kit/rounds.ts';
import { openThingsClients, thingsOf } from '../kit/things-client.ts';

const THINGS = 200;
const CONNECTIONS = 32;
const ROUND_SECONDS = 2;

const BARE = {
  koa: { file: 'koa-map.ts', what: 'koa and @koa/router with the same duties, from a Map', target: 0.95 },
  http: { file: 'http-map.ts', what: 'node:http, from a Map', target: 0.6 },
} as const;

export const hotRead = (kind: keyof typeof BARE): Comparison => ({
  name: `hot-read-${kind}`,
  row: 1,
  ours: `GET of hot Things on Shiny, ${CONNECTIONS} connections`,
  bare: BARE[kind].what,
  measures: [
    { name: 'rate', unit: 'per s', target: { atLeast: BARE[kind].target } },
    { name: 'p99', unit: 'ms' },
  ],
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'shiny' });
    const [client] = openThingsClients(world, addresses.shinyUrl, 1);
    const ids = (await thingsOf(client!, THINGS)).map(({ id }) => id);
    const { url } = await world.bareServer(BARE[kind].file, [ids.join(',')]);
    return { ours: () => readAll(addresses.shinyUrl, ids), bare: () => readAll(url, ids) };
  },
});

const readAll = async (url: string, ids: readonly string[]): Promise<Sample> => {
  const times: number[] = [];
  const { promise: done, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const run = autocannon(
    {
      url,
      connections: CONNECTIONS,
      duration: ROUND_SECONDS,
      requests: ids.map((id) => ({ path: `/api/things/${id}` })),
    },
    (error: Error | null, result) => (error === null ? resolve(result) : reject(error)),
  );
  run.on('response', (_client, _status, _bytes, time) => times.push(time));
  const { non2xx, errors, requests } = await done;
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were not 200, ${errors} did not come`);
  return { rate: requests.average, p99: quantile(times, 0.99) };
};
