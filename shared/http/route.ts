/**
 * A route as data: from a list of these come the router, 405 with `Allow`, OPTIONS, the checks of bodies and query strings, and
 * the OpenAPI document.
 */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { TSchema } from 'typebox';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What a request holds, checked. */
export interface RouteInput {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
}

export interface Route {
  /** GET answers HEAD too. */
  readonly method: Method;
  /** With `:name` for a segment. A slash at the end may stand in requests or not. */
  readonly path: string;
  readonly schema: RouteSchema;
  /** What the head of the request says alone, before the body is read. Throws ApiError. */
  readonly checkHead?: (params: Readonly<Record<string, string>>) => void;
  /** Faults that the schema of the body cannot say; `body` is an object. Throws ApiError for a fault of a header. */
  readonly bodyFaults?: (
    body: object,
    params: Readonly<Record<string, string>>,
    message: IncomingMessage,
  ) => string[];
  /** What it resolves to is sent as JSON, if anything. */
  readonly handle: (context: Context, input: Required<RouteInput>) => unknown;
  /**
   * For a GET with one parameter, at the end of its path: what `handle` would answer, if that is in memory, else undefined
   * (ready-answers.ts).
   */
  readonly ready?: (param: string, message: IncomingMessage) => ReadyAnswer | undefined;
}

/** An answer of status 200. */
export interface ReadyAnswer {
  readonly etag: string;
  readonly json: string;
}

/** Of checks and document; a route without `operationId` is in no document. */
export interface RouteSchema {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly params?: TSchema;
  readonly headers?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** By status; `answer` and `errorAnswers` make them. */
  readonly responses?: Readonly<Record<number, object>>;
}

interface TypedRoute<I extends RouteInput> extends Omit<Route, 'handle'> {
  readonly handle: (
    context: Context,
    input: {
      readonly params: I['params'] extends object ? I['params'] : Readonly<Record<string, string>>;
      readonly query: I['query'] extends object ? I['query'] : object;
      readonly body: I['body'];
    },
  ) => unknown;
}

/** `I`: what its schemas let through. */
export const route = <I extends RouteInput>(typed: TypedRoute<I>): Route => typed as unknown as Route;

export const JSON_TYPE = 'application/json; charset=utf-8';

/** `json`: a text, or what is to be made one. */
export const sendJson = ({ response }: Context, status: number, json: unknown): void => {
  response.status = status;
  response.set('content-type', JSON_TYPE);
  response.body = typeof json === 'string' ? json : JSON.stringify(json);
};
