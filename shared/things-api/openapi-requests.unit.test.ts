/**
 * The served document against the server: what its schemas accept is never 400, what they refuse is never 2xx. What JSON Schema
 * cannot say stands in the descriptions and in `isBeyondSchema`.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../domain/thing.ts';
import { silentLogger } from '../process/logger.ts';
import { createMetrics } from '../process/metrics.ts';
import { systemTime } from '../process/time.ts';
import { createServer, type HttpServer } from '../http/server.ts';
import type { ThingsBackend } from './things-backend.ts';
import { thingsRoutes } from './things-routes.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'header' | 'path' | 'query';
  readonly schema: object;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
}
interface Sent {
  readonly values: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const ajv = new Ajv2020({ strict: false, coerceTypes: false });
ajv.addFormat('plain-text', (text: string) => !text.includes('\0') && text.isWellFormed());
ajv.addFormat('date-time', /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/);

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  id: ['1', '9007199254740991', '9007199254740992', '9999999999999999', '0', '01', 'x'],
  limit: ['1', '1000', '1001', '0', '01', '', 'x', '1.0'],
  after: ['0', '7', '-1', '9007199254740991', '9007199254740992', ''],
  version: ['0', '3', '-1', '00', '9007199254740992', 'x'],
  'Idempotency-Key': ['a', '"a"', '', '.', '"."', '..', 'a b', 'x'.repeat(128), 'x'.repeat(129), '"a'],
  'If-Match': [
    '"3"',
    '"0"',
    '',
    '3',
    '*',
    'W/"3"',
    '"03"',
    '"9007199254740991"',
    '"9007199254740992"',
    '"3", "4"',
  ],
  'If-None-Match': ['"0"', '', '*', 'x'],
  'Cache-Control': ['no-cache', '', 'x'],
  Prefer: ['respond-async', '', 'wait=1'],
};
const JSONS: Readonly<Record<string, readonly unknown[]>> = {
  name: ['a', '', 'x'.repeat(1_000), 'x'.repeat(1_001), '\0', 1, null],
  foo: [0, -1, 1.5, 2 ** 31, 2 ** 31 - 1, 1e300, '1', null, true],
  version: [0, 3, '3', '03', -1, 1.5, 2 ** 53 - 1, 2 ** 53, '9007199254740992', null],
  id: [1, '1', 2, null, {}],
  created_on: ['2020-01-01T00:00:00Z', 'yesterday', 1],
  updated_on: ['2020-01-01T00:00:00Z', ''],
  other: [1],
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A version in no place, or in two that differ; one in a string beyond 2^53 - 1; an id that is not the path's. */
const isBeyondSchema = (method: string, { values, body }: Sent): boolean => {
  const ifMatch = /^"(\d+)"$/.exec(values['If-Match'] ?? '')?.[1];
  const given = method === 'delete' ? values['version'] : body['version'];
  const version = given === undefined ? undefined : textOf(given);
  const differs = ifMatch !== undefined && version !== undefined && ifMatch !== version;
  const isMissing = method !== 'delete' && ifMatch === undefined && version === undefined;
  const isTooLarge = typeof body['version'] === 'string' && !Number.isSafeInteger(Number(body['version']));
  return (
    differs || isMissing || isTooLarge || (body['id'] !== undefined && textOf(body['id']) !== values['id'])
  );
};

const backend: ThingsBackend = {
  write: async () => ({ kind: 'pending', location: '/', body: {} }),
  thing: () => ({ version: 0, json: '{}' }),
  things: () => [],
  caughtUp: async () => undefined,
};

describe.each<Api>(['original', 'shiny'])('the document of %s', (api) => {
  let app: HttpServer;
  let client: Pool;
  let paths: Record<string, Record<string, Operation>>;
  const checks = new Map<object, ValidateFunction>();
  const fits = (schema: object, value: unknown): boolean => {
    const check = checks.get(schema) ?? ajv.compile(schema);
    checks.set(schema, check);
    return check(value);
  };
  const isNumber = (schema: object): boolean => (schema as { type?: string }).type === 'integer';
  const fitsParameter = ({ schema }: Parameter, text: string): boolean =>
    fits(schema, isNumber(schema) && /^(0|[1-9]\d*)$/.test(text) ? Number(text) : text);

  beforeAll(async () => {
    app = createServer(
      {
        title: '',
        description: '',
        version: '',
        logger: silentLogger(),
        metrics: createMetrics('test'),
        inFlightMax: 1_000,
        notReady: () => undefined,
        wall: () => undefined,
      },
      thingsRoutes({ api, backend, logger: silentLogger(), time: systemTime }),
    );
    client = new Pool(await app.listen('127.0.0.1', 0, 'PORT'), { connections: 1 });
    const { body } = await client.request({ path: '/openapi.json', method: 'GET' });
    ({ paths } = (await body.json()) as { paths: typeof paths });
  });
  afterAll(async () => {
    await client.close();
    await app.close();
  });

  const subset = <T>(lists: Readonly<Record<string, readonly T[]>>, names: readonly string[]) =>
    fc.record(Object.fromEntries(names.map((name) => [name, fc.constantFrom(...lists[name]!)])), {
      requiredKeys: names.includes('id') && lists['limit'] !== undefined ? ['id'] : [],
    }) as fc.Arbitrary<Record<string, T>>;

  /** Half of them are right but for one field. */
  const bodiesOf = (): fc.Arbitrary<Record<string, unknown>> => {
    const names = Object.keys(JSONS);
    const one = fc.constantFrom(...names).chain((name) => subset(JSONS, [name]));
    return fc.oneof(
      subset(JSONS, names),
      one.map((field) => ({ name: 'a', foo: 1, ...field })),
    );
  };

  test('says exactly what is taken', async () => {
    let [valid, invalid] = [0, 0];
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { parameters = [], requestBody }] of Object.entries(operations)) {
        const schema = requestBody?.content['application/json']?.schema;
        const names = parameters.map(({ name }) => name);
        const bodies = schema === undefined ? fc.constant({}) : bodiesOf();
        const sent = fc.record({ values: subset(TEXTS, names), body: bodies });
        await fc.assert(
          fc.asyncProperty(sent, async ({ values, body }) => {
            const given = parameters.filter(({ name }) => values[name] !== undefined);
            const of = (place: string) =>
              given.filter((one) => one.in === place).map(({ name }) => [name, values[name]!]);
            const query = new URLSearchParams(of('query') as [string, string][]).toString();
            const { statusCode, body: answer } = await client.request({
              method: method.toUpperCase(),
              path: `${path.replace('{id}', values['id'] ?? '')}?${query}`,
              headers: {
                ...(Object.fromEntries(of('header')) as Record<string, string>),
                ...(schema === undefined ? {} : { 'content-type': 'application/json' }),
              },
              body: schema === undefined ? null : JSON.stringify(body),
            });
            const text = await answer.text();
            const isValid =
              given.every((one) => fitsParameter(one, values[one.name]!)) &&
              (schema === undefined || fits(schema, body));
            if (isValid) valid++;
            else invalid++;
            if (!isValid) expect(statusCode, text).toBeGreaterThanOrEqual(400);
            else if (!isBeyondSchema(method, { values, body }) || method === 'get')
              expect(statusCode, text).not.toBe(400);
          }),
          { numRuns: 300 },
        );
      }
    }
    expect(Math.min(valid, invalid)).toBeGreaterThan(50);
  }, 60_000);
});
