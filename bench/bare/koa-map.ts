/**
 * Bare: koa and its router, answering from a Map, with the duties of a service: entity tags, requests in flight, a histogram, and a
 * log line that the level leaves out.
 */
import { Router } from '@koa/router';
import Koa from 'koa';
import { pino } from 'pino';
import { Histogram } from 'prom-client';
import { serveBare } from './serve-bare.ts';
import { mapOfThings } from './map-of-things.ts';

const IN_FLIGHT_MAX = 1_000;
const things = mapOfThings();
const logger = pino({ level: 'warn' });
const duration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time to answer a request',
  labelNames: ['method', 'route', 'status'],
});
let inFlight = 0;

const router = new Router();
router.get('/api/things/:id', (context) => {
  const thing = things.get(context['params'].id as string);
  if (thing === undefined) return;
  context.set('etag', '"0"');
  context.status = context.get('if-none-match') === '"0"' ? 304 : 200;
  context.type = 'application/json';
  if (context.status === 200) context.body = JSON.stringify(thing);
});
const app = new Koa();
app.use(async (context, next) => {
  if (inFlight >= IN_FLIGHT_MAX) context.throw(503);
  inFlight++;
  const began = performance.now();
  context.res.once('close', () => {
    inFlight--;
    const elapsedMs = performance.now() - began;
    const { method, status, url } = context;
    duration.observe({ method, route: '/api/things/:id', status }, elapsedMs / 1_000);
    if (logger.isLevelEnabled('info')) logger.info({ method, url, status, ms: elapsedMs }, 'request');
  });
  await next();
});
app.use(router.routes());
const handle = app.callback();
serveBare((request, response) => void handle(request, response));
