/** Real answers of the three services against the schemas of the documents that they serve, and the updater's requests. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, type Answer, type CallOptions } from './http-client.ts';
import { startPlayground, type Playground, type Service } from './playground.ts';

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

const ajv = new Ajv2020({ strict: false });
ajv.addFormat('plain-text', true);
ajv.addFormat('date-time', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground({ master: 'original', stack: undefined });
});
afterAll(() => playground.stop());

const base = (service: Service): string =>
  ({
    'original-api': playground.original,
    'shiny-api': playground.shiny,
    updater: playground.updater,
  })[service];
const operationOf = async (service: Service, path: string, method: string): Promise<Operation> => {
  const { json } = await call('GET', `${base(service)}/openapi.json`);
  return json.paths[path][method.toLowerCase()] as Operation;
};

/** Asks, and holds the answer against what the document says of its status. */
const ask = async (
  service: Service,
  method: string,
  path: string,
  options: CallOptions = {},
  id = '',
): Promise<Answer> => {
  const operation = await operationOf(service, path, method);
  const answer = await call(
    method,
    `${base(service)}${path.replace('{id}', encodeURIComponent(id))}`,
    options,
  );
  const schema = operation.responses[answer.status]?.content?.['application/json']?.schema;
  expect(schema, `${method} ${path} answers ${answer.status}: ${answer.text}`).toBeDefined();
  const check = ajv.compile(schema!);
  expect(check(answer.json), `${ajv.errorsText(check.errors)} in ${answer.text}`).toBe(true);
  return answer;
};

test('what mastership, switches and dry runs answer is what the document says', async () => {
  const before = await ask('updater', 'GET', '/api/mastership');
  expect(before.json.partitions[0]).toMatchObject({ partition: 0, owner: 'original' });
  const dry = await ask('updater', 'POST', '/api/switches', { body: { to: 'shiny', dry_run: true } });
  expect(dry.json).toMatchObject({ dry_run: true, to: 'shiny' });
  const headers = { 'idempotency-key': 'one', prefer: 'respond-async' };
  const begun = await ask('updater', 'POST', '/api/switches', { body: { to: 'shiny' }, headers });
  expect(begun.status).toBe(202);
  await ask('updater', 'GET', '/api/mastership');
  await ask('updater', 'POST', '/api/switches', {
    body: { to: 'shiny' },
    headers: { 'idempotency-key': 'one' },
  });
  await ask('updater', 'GET', '/api/switches/{id}', {}, 'one');
  await ask('updater', 'POST', '/api/switches', { body: { to: 'original', partitions: [0] } });
  await ask('updater', 'GET', '/api/switches/{id}', {}, 'none');
});

test('Things and commands too', async () => {
  for (const service of ['original-api', 'shiny-api'] as const) {
    const { json } = await ask(service, 'POST', '/api/things/', { body: { name: 'a', foo: 1 } });
    const id = String(json.id);
    await ask(service, 'GET', '/api/things/');
    await ask(service, 'GET', '/api/things/{id}', {}, id);
    await ask(service, 'PUT', '/api/things/{id}', { body: { name: 'b', foo: 2, version: 0 } }, id);
    await ask(service, 'PUT', '/api/things/{id}', { body: { name: 'b', foo: 2, version: 0 } }, id);
    await ask(service, 'DELETE', '/api/things/{id}', { headers: { 'if-match': '"1"' } }, id);
  }
  const { json: commands } = await ask('shiny-api', 'GET', '/api/commands/');
  for (const { id } of commands) await ask('shiny-api', 'GET', '/api/commands/{id}', {}, id);
});

test('the updater refuses what its document refuses, and takes what it accepts, but for partitions that it has not', async () => {
  const { requestBody } = await operationOf('updater', '/api/switches', 'POST');
  const check = ajv.compile(requestBody!.content['application/json']!.schema);
  const fields: Record<string, unknown[]> = {
    to: ['shiny', 'original', 'both', null],
    partitions: [[0], [0, 1], [], [0, 0], [-1], ['0'], [1.5], 'all'],
    expected_epochs: [{}, { '0': 1 }, { '01': 1 }, { x: 1 }, { '0': -1 }, []],
    deadline_ms: [1, 600_000, 0, 600_001, 1.5, '5'],
    allow_loss: [true, false, 'true', 1],
    dry_run: [true, 'true', 0],
    other: [1],
  };
  for (const [name, values] of Object.entries(fields)) {
    for (const value of values) {
      const body = { to: 'shiny', dry_run: true, [name]: value };
      const { status, text } = await call('POST', `${playground.updater}/api/switches`, { body });
      if (check(body)) expect(status, `${JSON.stringify(body)}: ${text}`).not.toBe(400);
      else expect(status, JSON.stringify(body)).toBe(400);
    }
  }
});
