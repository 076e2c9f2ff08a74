/** Bare: koa and @koa/router; a POST of version, name and foo to a Thing is answered with its row, or with 409. */
import Koa from 'koa';
import { Router } from '@koa/router';
import { serveBare } from './serve-bare.ts';

export type Update = (
  id: string,
  version: unknown,
  name: unknown,
  foo: unknown,
) => Promise<object | undefined>;

export const serveUpdates = (update: Update): void => {
  const router = new Router();
  router.post('/api/things/:id', async (context) => {
    const chunks: Buffer[] = [];
    for await (const chunk of context.req) chunks.push(chunk as Buffer);
    const { version, name, foo } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const row = await update(context['params'].id as string, version, name, foo);
    context.status = row === undefined ? 409 : 200;
    context.type = 'application/json';
    context.body = JSON.stringify(row ?? {});
  });
  const handle = new Koa().use(router.routes()).callback();
  serveBare((request, response) => void handle(request, response));
};
