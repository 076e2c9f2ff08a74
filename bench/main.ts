/** `make bench`, `make bench-NAME`. */
import { briefLifecycle } from '../scripts/brief-lifecycle.ts';
import { benchWorld, startBenchStack } from './bench-world.ts';
import { runRounds } from './rounds.ts';
import { writeLatency } from './rows/write-latency.ts';
import { writeThroughput } from './rows/write-throughput.ts';

const all = briefLifecycle((e) => console.error(e));
const stack = await startBenchStack(all.lifecycle, () => undefined);
const names = process.argv.slice(2);
for (const c of [writeLatency, writeThroughput].filter(
  (c) => names.length === 0 || names.some((n) => c.name.startsWith(n)),
)) {
  const one = briefLifecycle((e) => console.error(e));
  const sides = await c.open(benchWorld(stack, one.lifecycle));
  const r = await runRounds(sides, Number(process.env['ROUNDS'] ?? 5), () => undefined);
  console.log(c.name, r);
  await one.close();
}
await all.close();
