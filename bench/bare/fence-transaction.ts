/** Bare: one transaction that locks a row's partition, moves the row by compare-and-set, and writes an outbox row. */
import pg from 'pg';

export interface Fences {
  /** Reads the row, and looks into the outbox. */
  look(): Promise<void>;
  fence(): Promise<void>;
  close(): Promise<void>;
}

export const startFences = async (url: string): Promise<Fences> => {
  const schema = `bare_fence_${process.pid}_${Date.now()}`;
  const client = new pg.Client({ connectionString: url, options: `-c search_path=${schema}` });
  await client.connect();
  await client.query(`create schema ${schema}`);
  await client.query('create table mastership (partition integer primary key, epoch bigint)');
  await client.query('create table outbox (id bigserial primary key, epoch bigint)');
  await client.query('insert into mastership values (0, 0)');
  let epoch = 0;
  const look = 'select epoch, (select max(id) from outbox) from mastership where partition = 0';
  return {
    look: async () => void (await client.query(look)),
    fence: async () => {
      await client.query('begin');
      await client.query('select pg_advisory_xact_lock(7)');
      await client.query('update mastership set epoch = $1 where partition = 0 and epoch = $2', [
        ++epoch,
        epoch - 1,
      ]);
      await client.query('insert into outbox (epoch) values ($1)', [epoch]);
      await client.query('commit');
    },
    close: () => client.end(),
  };
};
