/** Row 7: the list of all Things on Shiny; once more against a bare program that sends as much at once as we do. */
import { Client } from 'undici';
import type { Comparison, Sample } from '../kit/comparison.ts';
import { openFilledLog } from '../kit/filled-log.ts';
import { startLoneService } from '../kit/lone-service.ts';
import { watchGrowth } from '../kit/process-usage.ts';

const THINGS = 100_000;
/** As many as ours sends at once. */
const SLICE_THINGS = 500;
const MEMORY_EVERY_MS = 50;
const WARM_UPS = 5;

interface Bare extends Pick<Comparison, 'name' | 'bare' | 'measures'> {
  /** In one string of the stream. */
  readonly rowsEach: number;
}

const comparison = ({ rowsEach, ...part }: Bare): Comparison => ({
  ...part,
  row: 7,
  ours: `list of ${THINGS / 1_000} 000 Things on Shiny`,
  open: async (world) => {
    const { namespace, add } = await openFilledLog(world, { withCommands: false });
    await add(THINGS, THINGS);
    const shiny = await startLoneService(world, 'shiny-api', {
      NAMESPACE: namespace,
      DATA_DIR: world.folder(),
    });
    const server = await world.bareServer('ready-strings.ts', [String(THINGS), String(rowsEach)]);
    const [ours, bare] = [shiny.url, server.url].map((url) => new Client(url)) as [Client, Client];
    for (const client of [ours, bare]) world.lifecycle.onClose('client', () => client.close());
    for (let round = 0; round < WARM_UPS; round++) await Promise.all([readList(ours), readList(bare)]);
    return {
      ours: () => readList(ours, shiny.pid),
      bare: () => readList(bare, server.pid),
    };
  },
});

export const list = comparison({
  name: 'list',
  rowsEach: 1,
  bare: 'a stream of ready strings, one for each Thing',
  measures: [
    { name: 'rows', unit: 'per s', target: { atLeast: 0.6 } },
    { name: 'first byte', unit: 'ms', limit: { atMost: 50 } },
    { name: 'memory growth', unit: 'MB', limit: { atMost: 32 } },
  ],
});

export const listSlices = comparison({
  name: 'list-slices',
  rowsEach: SLICE_THINGS,
  bare: `ready strings of ${SLICE_THINGS} Things: nothing but copying bytes`,
  measures: [{ name: 'rows', unit: 'per s' }],
});

const braces = (chunk: Buffer): number => {
  let count = 0;
  for (let at = chunk.indexOf('{'); at >= 0; at = chunk.indexOf('{', at + 1)) count++;
  return count;
};

const readList = async (client: Client, pid = process.pid): Promise<Sample> => {
  const growth = watchGrowth(pid, MEMORY_EVERY_MS);
  const began = performance.now();
  const { body } = await client.request({ method: 'GET', path: '/api/things/' });
  let firstByteMs: number | undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    firstByteMs ??= performance.now() - began;
    chunks.push(chunk);
  }
  const seconds = (performance.now() - began) / 1_000;
  const objects = chunks.reduce((sum, chunk) => sum + braces(chunk), 0);
  if (objects !== THINGS) throw new Error(`the list has ${objects} Things`);
  return { rows: objects / seconds, 'first byte': firstByteMs ?? 0, 'memory growth': growth() };
};
