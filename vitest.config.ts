import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

/** Unit tests need nothing; the others get the stack from test/provide-stack.ts, once per run. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.unit.test.ts'],
        },
      },
      {
        test: {
          name: 'stack',
          include: ['**/*.int.test.ts', '**/*.e2e.test.ts'],
          globalSetup: ['test/provide-stack.ts'],
          testTimeout: MINUTE_MS,
          hookTimeout: 2 * MINUTE_MS,
          // The processes that they start need the cores more than they need each other.
          fileParallelism: false,
        },
      },
    ],
  },
});
