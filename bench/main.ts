import { briefLifecycle } from '../scripts/brief-lifecycle.ts';
import { benchWorld, startBenchStack } from './bench-world.ts';
import { COMPARISONS } from './comparisons.ts';
import { runRounds } from './rounds.ts';

const all = briefLifecycle((e) => console.error(e));
const stack = await startBenchStack(all.lifecycle, () => undefined);
const names = process.argv.slice(2);
for (const c of COMPARISONS.filter((c) => names.length === 0 || names.some((n) => c.name.startsWith(n)))) {
  const one = briefLifecycle((e) => console.error(e));
  const t = performance.now();
  try {
    const sides = await c.open(benchWorld(stack, one.lifecycle));
    const opened = performance.now();
    const r = await runRounds(sides, Number(process.env['ROUNDS'] ?? 3), () => undefined);
    for (const [m, x] of r)
      console.log(
        c.name.padEnd(26),
        m.padEnd(12),
        x.ours.toFixed(2).padStart(10),
        x.bare.toFixed(2).padStart(10),
        x.ratio.toFixed(2).padStart(7),
        x.spread.toFixed(2).padStart(6),
        ((opened - t) / 1000).toFixed(1),
        ((performance.now() - opened) / 1000).toFixed(1),
      );
  } catch (e) {
    console.log(c.name, e);
  }
  await one.close();
}
await all.close();
