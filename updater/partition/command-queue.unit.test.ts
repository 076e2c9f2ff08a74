import fc from 'fast-check';
import { expect, test } from 'vitest';
import { create } from '../../test/outcome-log.ts';
import { createCommandQueue } from './command-queue.ts';

const at = (offset: number) => ({ offset, command: create(`c${offset}`), enqueuedAt: 0 });

test('gives the first command behind a position, also when offsets have gaps, and forgets what is decided', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(5_000), { maxLength: 3_000 }).map((offsets) => offsets.toSorted((a, b) => a - b)),
      fc.array(fc.nat(5_000), { maxLength: 20 }),
      (offsets, positions) => {
        const queue = createCommandQueue();
        for (const offset of offsets) queue.push(at(offset));
        let left = offsets;
        for (const position of positions.toSorted((a, b) => a - b)) {
          expect(queue.after(position)?.offset).toBe(left.find((offset) => offset > position));
          const dropped = left.filter((offset) => offset <= position);
          expect(queue.dropThrough(position)).toBe(dropped.length > 0);
          left = left.filter((offset) => offset > position);
          expect(queue.size()).toBe(left.length);
        }
      },
    ),
  );
});
