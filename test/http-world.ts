/** What the HTTP suites need of a playground that runs. */
import { expect } from 'vitest';
import type { Api } from '../shared/domain/thing.ts';
import { call, eventually, type Answer, type CallOptions } from './http-client.ts';
import type { Playground } from './playground.ts';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
export const OTHER: Record<Api, Api> = { original: 'shiny', shiny: 'original' };

export type HttpWorld = ReturnType<typeof createHttpWorld>;

/** `playground` is asked for each time: it is started after the tests are declared. */
export const createHttpWorld = (playground: () => Playground, master: Api) => {
  const url = (api: Api): string => playground()[api];
  const base = (api: Api): string => `${url(api)}/api/things`;
  const post = (api: Api, body: unknown, headers: CallOptions['headers'] = {}): Promise<Answer> =>
    call('POST', `${base(api)}/`, { body, headers });
  const created = async (api: Api, body: object = { name: 'a', foo: 1 }): Promise<Answer['json']> => {
    const answer = await post(api, body);
    expect(answer.status, answer.text).toBe(200);
    return answer.json;
  };
  const expectError = (answer: Answer, status: number, message: RegExp | string = /./): void => {
    expect(answer.status, answer.text).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(Object.keys(answer.json)).toEqual(['error-message']);
    expect(answer.json['error-message']).toMatch(message);
  };
  const versionIn = (api: Api, version: number): number | string =>
    api === 'shiny' ? String(version) : version;
  const idIn = (api: Api, id: number | string): number | string =>
    api === 'shiny' ? String(id) : Number(id);
  /** The list, once it shows `id` as `json`: the two APIs follow each other with a delay. */
  const shownEventually = (api: Api, id: number | string, version: number): Promise<Answer> =>
    eventually(async () => {
      const answer = await call('GET', `${base(api)}/${id}`);
      expect(answer.json?.version).toEqual(versionIn(api, version));
      return answer;
    });

  return { base, created, expectError, idIn, master, post, shownEventually, url, versionIn };
};
