/** The OpenAPI 3.1 document of a list of routes, to be written as JSON: what is undefined is left out. */
import type { TSchema } from 'typebox';
import type { Route, RouteSchema } from './route.ts';

export interface DocumentInfo {
  readonly title: string;
  readonly description: string;
  readonly version: string;
}

/** The API token, where one is set. */
const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The API token, where one is set: API_TOKEN.' },
} as const;

type Json = Readonly<Record<string, unknown>>;

export const openApiDocument = (
  { title, description, version }: DocumentInfo,
  routes: readonly Route[],
): Json => {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, path, schema } of routes) {
    if (schema.operationId === undefined) continue;
    const operations = (paths[path.replaceAll(/:(\w+)/g, '{$1}')] ??= {});
    operations[method.toLowerCase()] = operationOf(schema);
  }
  return {
    openapi: '3.1.0',
    info: { title, description, version },
    // Where the document came from.
    servers: [{ url: '/' }],
    components: { securitySchemes: SECURITY_SCHEMES },
    paths,
  };
};

const operationOf = (schema: RouteSchema): Json => {
  const { operationId, tags, summary, description, security, body, responses = {} } = schema;
  const parameters = [
    ...parametersOf(schema.query, 'query'),
    ...parametersOf(schema.params, 'path'),
    ...parametersOf(schema.headers, 'header'),
  ];
  return {
    operationId,
    tags,
    summary,
    description,
    parameters: parameters.length === 0 ? undefined : parameters,
    requestBody: body === undefined ? undefined : { required: true, content: jsonContent(body) },
    security,
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, responseOf(response)]),
    ),
  };
};

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

const parametersOf = (schema: TSchema | undefined, place: 'query' | 'path' | 'header'): Json[] => {
  const { properties = {}, required = [] } = (schema ?? {}) as ObjectSchema;
  return Object.entries(properties).map(([name, { description, ...itsSchema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    description,
    schema: published(itsSchema),
  }));
};

/** As `answer` makes it: the schema of a body, with a description and headers. */
const responseOf = (response: object): Json => {
  const { description, headers, ...schema } = response as Json & {
    readonly headers?: Readonly<Record<string, Json>>;
  };
  return {
    description,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(schema['type'] === 'null' ? {} : { content: jsonContent({ ...schema, description }) }),
  };
};

const headersOf = (headers: Readonly<Record<string, Json>>): Json =>
  Object.fromEntries(
    Object.entries(headers).map(([name, { description, ...schema }]) => [
      name,
      { description, schema: published(schema) },
    ]),
  );

const jsonContent = (schema: object): Json => ({ 'application/json': { schema: published(schema) } });

/** Without what is for our own messages (`expected`). */
const published = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(published);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name, value]) => name !== 'expected' || typeof value !== 'string')
      // What generators of clients understand.
      .map(([name, value]) => (name === 'const' ? ['enum', [value]] : [name, published(value)])),
  );
};
