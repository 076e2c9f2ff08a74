/**
 * The hot path: a GET whose answer is in memory is answered here, before koa's layers, which would cost more than everything
 * else. It does nothing that they do not do: without this file each request gets the same answer from them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkHost } from './connection-faults.ts';
import { setSlots, type Slots } from './in-flight.ts';
import { hasBody, ifNoneMatchHits } from './request-headers.ts';
import type { ObserveRequest } from './request-log.ts';
import { JSON_TYPE, type Route } from './route.ts';
import type { Wall } from './wall.ts';

export interface ReadyAnswersParts {
  readonly wall: Wall;
  readonly observe: ObserveRequest;
  /** Slots of clients. */
  readonly slots: Slots;
  /** Is every request that a route takes refused at present? */
  readonly refuses: () => boolean;
}

/** Whether the request is answered; if not, nothing was done. */
export type AnswerIfReady = (message: IncomingMessage, response: ServerResponse) => boolean;

/** Nothing to decode, no query string: the router would see the same path. */
const PLAIN_PARAM = /^[\w-]+$/;

export const createReadyAnswers = (
  routes: readonly Route[],
  { wall, observe, slots, refuses }: ReadyAnswersParts,
): AnswerIfReady => {
  const candidates = routes.flatMap(({ method, path, ready }) => {
    const [, prefix] = /^(\/api\/[\w/-]+\/):\w+$/.exec(path) ?? [];
    return method === 'GET' && ready !== undefined && prefix !== undefined ? [{ prefix, path, ready }] : [];
  });
  const passes = (message: IncomingMessage, response: ServerResponse): boolean => {
    try {
      checkHost(message);
      wall(message, response, message.url);
      return true;
    } catch {
      // Koa's layers find the same, and say it.
      return false;
    }
  };

  return (message, response) => {
    const { method, url = '', headers } = message;
    if (method !== 'GET' || hasBody(message) || slots.isFull() || refuses()) return false;
    for (const { prefix, path, ready } of candidates) {
      if (!url.startsWith(prefix)) continue;
      const param = url.slice(prefix.length);
      const answer = PLAIN_PARAM.test(param) ? ready(param, message) : undefined;
      if (answer === undefined || !passes(message, response)) return false;
      observe(message, response, () => path);
      slots.enter(response);
      setSlots(response, slots);
      if (ifNoneMatchHits(headers['if-none-match'], answer.etag))
        response.writeHead(304, { etag: answer.etag }).end();
      else sendReady(response, answer.etag, answer.json);
      return true;
    }
    return false;
  };
};

const sendReady = (response: ServerResponse, etag: string, json: string): void => {
  response.writeHead(200, {
    etag,
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
};
