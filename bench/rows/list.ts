/** Row 7: the list of all Things on Shiny. */
import { Client } from 'undici';
import type { Comparison, Sample } from '../comparison.ts';
import { openFilledLog } from '../filled-log.ts';
import { startLoneService } from '../lone-service.ts';
import { watchGrowth } from '../process-usage.ts';

const THINGS = 100_000;
const MEMORY_EVERY_MS = 50;
const WARM_UPS = 5;

export const list: Comparison = {
  name: 'list',
  row: 7,
  ours: `list of ${THINGS / 1_000} 000 Things on Shiny`,
  bare: 'a stream of ready strings',
  measures: [
    { name: 'rows', unit: 'per s', target: { atLeast: 0.6 } },
    { name: 'first byte', unit: 'ms', limit: { atMost: 50 } },
    { name: 'memory growth', unit: 'MB', limit: { atMost: 32 } },
  ],
  open: async (world) => {
    const { namespace, add } = await openFilledLog(world, { withCommands: false });
    await add(THINGS, THINGS);
    const shiny = await startLoneService(world, 'shiny-api', {
      NAMESPACE: namespace,
      DATA_DIR: world.folder(),
    });
    const server = await world.bareServer('ready-strings.ts', [String(THINGS)]);
    const [ours, bare] = [shiny.url, server.url].map((url) => new Client(url)) as [Client, Client];
    for (const client of [ours, bare]) world.lifecycle.onClose('client', () => client.close());
    for (let round = 0; round < WARM_UPS; round++) await Promise.all([readList(ours), readList(bare)]);
    return {
      ours: () => readList(ours, shiny.pid),
      bare: () => readList(bare, server.pid),
    };
  },
};

const readList = async (client: Client, pid = process.pid): Promise<Sample> => {
  const growth = watchGrowth(pid, MEMORY_EVERY_MS);
  const began = performance.now();
  const { body } = await client.request({ method: 'GET', path: '/api/things/' });
  let firstByteMs: number | undefined;
  let objects = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    firstByteMs ??= performance.now() - began;
    for (const byte of chunk) if (byte === 0x7b) objects++;
  }
  const seconds = (performance.now() - began) / 1_000;
  if (objects !== THINGS) throw new Error(`the list has ${objects} Things`);
  return { rows: objects / seconds, 'first byte': firstByteMs ?? 0, 'memory growth': growth() };
};
