/** From a list of routes to a router: what a request must pass before its handler, 404, 405 with `Allow`, and OPTIONS. */
import { parse } from 'node:querystring';
import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { ApiError } from './errors.ts';
import { readJsonBody } from './request-body.ts';
import { badFields, compileBodyCheck, compileBodyFaults, compileQueryCheck } from './request-check.ts';
import { sendJson, type Route } from './route.ts';

/** `before`: for every request that a route takes, before its body is read. */
export const createRouter = (
  routes: readonly Route[],
  before: (context: Context, route: Route) => void,
): Middleware[] => {
  const router = new Router({ sensitive: true });
  for (const route of routes)
    router.register(route.path.replace(/(.)\/$/, '$1'), methodsOf(route), handlerOf(route, before));
  return [router.routes() as unknown as Middleware, refuseMethod];
};

const methodsOf = ({ method }: Route): string[] => (method === 'GET' ? ['HEAD', 'GET'] : [method]);

const handlerOf = (route: Route, before: (context: Context, route: Route) => void): Middleware => {
  const { schema, checkHead, handle } = route;
  const checkQuery = schema.query === undefined ? undefined : compileQueryCheck(schema.query);
  const checkBody = bodyCheck(route);
  return async (context) => {
    const { params } = context as unknown as { readonly params: Readonly<Record<string, string>> };
    before(context, route);
    checkHead?.(params);
    const body = takesBody(route) ? await readJsonBody(context.req) : undefined;
    checkBody?.(body, params, context);
    const query = checkQuery?.(queryOf(context.originalUrl)) ?? {};
    context.status = 200;
    const result = await handle(context, { params, query, body });
    if (result !== undefined) sendJson(context, context.status, result);
    else if (context.respond !== false && context.body === undefined && context.status !== 304)
      throw new Error(`${route.method} ${route.path} has sent nothing`);
  };
};

/** Koa's own parser takes time by the square of the number of parameters. */
const queryOf = (target: string): object => {
  const at = target.indexOf('?');
  return at < 0 ? {} : parse(target.slice(at + 1), '&', '=', { maxKeys: 0 });
};

/** A DELETE may have one, which is nothing to us, but it has to be JSON. */
const takesBody = ({ method }: Route): boolean => method !== 'GET';

const bodyCheck = ({ schema, bodyFaults }: Route) => {
  if (schema.body === undefined) return undefined;
  if (bodyFaults === undefined) return compileBodyCheck(schema.body);
  const faultsOf = compileBodyFaults(schema.body);
  return (body: unknown, params: Readonly<Record<string, string>>, { req }: Context): void => {
    const faults = faultsOf(body);
    if (typeof body === 'object' && body !== null) faults.push(...bodyFaults(body, params, req));
    if (faults.length > 0) throw badFields(faults);
  };
};

/**
 * No route has taken the request: OPTIONS is answered, another method is 405, and what no path fits is 404. (The router's own
 * `allowedMethods` says 501 of methods that no route has.)
 */
const refuseMethod: Middleware = (context) => {
  const { matched = [] } = context as {
    readonly matched?: readonly { readonly methods: readonly string[] }[];
  };
  if (matched.length === 0) throw nothingAt(context.originalUrl);
  const methods = new Set(matched.flatMap((layer) => layer.methods));
  const allow = [...[...methods].toSorted(), 'OPTIONS'].join(', ');
  if (context.method !== 'OPTIONS')
    throw new ApiError('method-not-allowed', `${context.method} is not allowed here, but ${allow} are`, {
      allow,
    });
  context.status = 200;
  context.set('allow', allow);
  // Null would make it 204.
  context.body = '';
  context.remove('content-type');
};

export const nothingAt = (target: string): ApiError =>
  new ApiError('not-found', `there is nothing at ${target.split('?', 1)[0]}`);
