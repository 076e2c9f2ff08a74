/** Bare: koa and its router, answering from a Map. */
import Koa from 'koa';
import { Router } from '@koa/router';
import { serveBare } from './serve-bare.ts';
import { mapOfThings } from './map-of-things.ts';

const things = mapOfThings();
const router = new Router();
router.get('/api/things/:id', (context) => {
  const thing = things.get(context['params'].id as string);
  if (thing === undefined) return;
  context.type = 'application/json';
  context.body = JSON.stringify(thing);
});
const handle = new Koa().use(router.routes()).callback();
serveBare((request, response) => void handle(request, response));
