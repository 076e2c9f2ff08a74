import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;
const reportFile = process.env['TEST_REPORT'];

/** Unit tests need nothing; the others get the stack from test/provide-stack.ts, once per run. */
export default defineConfig({
  test: {
    // CI reads the counts; a person reads the rest.
    reporters: reportFile === undefined ? ['default'] : ['default', ['json', { outputFile: reportFile }]],
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
