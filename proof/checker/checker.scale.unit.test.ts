import { expect, test } from 'vitest';
import { buildHistory } from './history-builder.ts';
import { createOf, updateOf } from './history-requests.ts';

/** A million take some 9 s and 2.3 GB, this history and its bytes included. */
const OPERATIONS = 200_000;
const CPU_MAX_MS = 12_000;
const PER_ROUND = 20;
const ROUNDS_PER_SWITCH = 500;

/** Half of the writes are of one Thing; Original and Shiny take turns. */
const bigHistory = () => {
  const built = buildHistory();
  const hot = built.write('hot', createOf('hot')).id;
  let isOriginal = true;
  for (let round = 0; round < OPERATIONS / PER_ROUND; round += 1) {
    const write = isOriginal && round % 2 === 0 ? built.writeDirectly : built.write;
    let { id } = write(`create-${round}`, createOf('cold', round + 0.5));
    for (let step = 1; step < PER_ROUND; step += 1) {
      const thing = built.things.get(step % 4 < 2 ? hot : id)!;
      if (step % 2 === 1) write(`update-${round}.${step}`, updateOf(thing, `step ${step}`, step + 0.25));
      else built.read(thing, step % 3 === 0 ? { kind: 'read' } : {});
    }
    if (round % ROUNDS_PER_SWITCH === 0) {
      built.switchTo(isOriginal ? 'shiny' : 'original');
      isOriginal = !isOriginal;
    }
  }
  return built;
};

test('200 000 operations are judged in seconds', { timeout: 60_000 }, () => {
  const built = bigHistory();
  // Of the processor, so that what else runs here does not count.
  const before = process.cpuUsage();
  const certificate = built.certificate();
  const cpuMs = process.cpuUsage(before).user / 1000;
  expect(certificate.violations).toEqual([]);
  expect(certificate.operations).toBe(OPERATIONS + 1);
  expect(certificate.switches.shiny.switched).toBeGreaterThan(0);
  expect(cpuMs).toBeLessThan(CPU_MAX_MS);
});
