/** Bare: insert and NOTIFY in one statement, and what a LISTEN hears. */
import pg from 'pg';

export interface Notifier {
  /** Resolves when it is committed. */
  insert(): Promise<void>;
  /** Called for what is heard. */
  onNotice(heard: () => void): void;
  close(): Promise<void>;
}

export const startNotifier = async (url: string): Promise<Notifier> => {
  const table = `bare_notify_${process.pid}_${Date.now()}`;
  const [writer, listener] = [new pg.Client(url), new pg.Client(url)];
  await Promise.all([writer.connect(), listener.connect()]);
  await writer.query(`create table ${table} (id bigserial primary key, name text)`);
  await listener.query(`listen ${table}`);
  const text = `with row as (insert into ${table} (name) values ($1) returning id) select pg_notify('${table}', id::text) from row`;
  return {
    insert: async () => void (await writer.query({ name: 'insert', text, values: ['benchmark'] })),
    onNotice: (heard) => void listener.on('notification', heard),
    close: async () => void (await Promise.all([writer.end(), listener.end()])),
  };
};
