/** A client of one API, over a connection of its own: what the benchmarks ask of it, one request after the other. */
import { Client } from 'undici';
import type { BenchWorld } from './bench-world.ts';

export interface ThingsClient {
  create(): Promise<WrittenThing>;
  /** The next version of a Thing that this client alone writes. */
  update(thing: WrittenThing): Promise<void>;
  /** `Cache-Control: no-cache`. */
  readLatest(id: string): Promise<void>;
  /** Of a plain read; -1 if there is no such Thing yet. */
  version(id: string): Promise<number>;
  close(): Promise<void>;
}

export interface WrittenThing {
  readonly id: string;
  version: number;
}

const JSON_BODY = { 'content-type': 'application/json' };

/** Throws on any answer but 200. */
const createThingsClient = (url: string): ThingsClient => {
  const client = new Client(url);
  // Shiny shows versions as strings, Original as numbers.
  let isText = true;

  const request = async (
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string>,
    body: string | null,
  ): Promise<string> => {
    const answer = await client.request({ method, path, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`);
    return text;
  };
  return {
    create: async () => {
      const text = await request('POST', '/api/things/', JSON_BODY, '{"name":"benchmark","foo":0}');
      const { id, version } = JSON.parse(text) as { id: string | number; version: string | number };
      isText = typeof version === 'string';
      return { id: String(id), version: Number(version) };
    },
    update: async (thing) => {
      const version = isText ? String(thing.version) : thing.version;
      const body = JSON.stringify({ name: 'benchmark', foo: thing.version, version });
      await request('POST', `/api/things/${thing.id}`, JSON_BODY, body);
      thing.version++;
    },
    readLatest: async (id) =>
      void (await request('GET', `/api/things/${id}`, { 'cache-control': 'no-cache' }, null)),
    version: async (id) => {
      const { statusCode, body } = await client.request({ method: 'GET', path: `/api/things/${id}` });
      const { version } = (await body.json()) as { version?: string | number };
      return statusCode === 200 ? Number(version) : -1;
    },
    close: () => client.close(),
  };
};

/** So many clients, each with a connection of its own. */
export const openThingsClients = (world: BenchWorld, url: string, count: number): ThingsClient[] =>
  Array.from({ length: count }, () => {
    const client = createThingsClient(url);
    world.lifecycle.onClose('client', () => client.close());
    return client;
  });

export const thingsOf = async (client: ThingsClient, count: number): Promise<WrittenThing[]> => {
  const things: WrittenThing[] = [];
  while (things.length < count) things.push(await client.create());
  return things;
};
