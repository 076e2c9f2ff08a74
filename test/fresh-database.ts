/** A fresh schema in the Postgres of the test stack, and what belongs to it. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { inject } from 'vitest';
import { bindDatabase, openDatabase } from '../original-api/store/database.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import type { Api } from '../shared/domain/thing.ts';
import { silentLogger } from '../shared/process/logger.ts';

export const freshNamespace = (): string => `test-${randomUUID().slice(0, 18)}`;

export const freshGenesis = (master: Api, partitions: number): Genesis => ({
  type: 'genesis',
  id: randomUUID(),
  format: 2,
  partitions,
  master,
});

/** Patient with locks, as many tests run at once. */
export const openTestDatabase = (namespace: string, lockTimeoutMs = 10_000): Promise<pg.Pool> =>
  openDatabase(
    {
      url: inject('stack').DATABASE_URL,
      namespace,
      applicationName: 'test',
      poolMax: 40,
      statementTimeoutMs: 20_000,
      lockTimeoutMs,
    },
    silentLogger(),
  );

/** Dropped by `drop`. */
export const freshDatabase = async (
  master: Api,
  partitions: number,
): Promise<{ pool: pg.Pool; namespace: string; drop: () => Promise<void> }> => {
  const namespace = freshNamespace();
  const pool = await openTestDatabase(namespace);
  await bindDatabase(pool, freshGenesis(master, partitions), () => Promise.resolve(true));
  return {
    pool,
    namespace,
    drop: async () => {
      await pool.query(`drop schema "${namespace}" cascade`);
      await pool.end();
    },
  };
};
