/** A client of one API, over a connection of its own: what the benchmarks ask of it, one request after the other. */
import { Client } from 'undici';

export interface ThingsClient {
  create(): Promise<WrittenThing>;
  /** The next version of a Thing that this client alone writes. */
  update(thing: WrittenThing): Promise<void>;
  read(id: string, headers?: Record<string, string>): Promise<void>;
  close(): Promise<void>;
}

export interface WrittenThing {
  readonly id: string;
  version: number;
}

const JSON_BODY = { 'content-type': 'application/json' };

/** Throws on any answer but 200. */
export const createThingsClient = (url: string): ThingsClient => {
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
    read: async (id, headers = {}) => void (await request('GET', `/api/things/${id}`, headers, null)),
    close: () => client.close(),
  };
};
