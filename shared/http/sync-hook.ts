/** A hook that has nothing to wait for. Fastify makes a promise for each `async` one, and these run for every request. */
import type { FastifyReply, FastifyRequest } from 'fastify';

type Done = (error?: Error) => void;

/** What `work` throws is the answer. It must not send one itself. */
export const syncHook =
  (work: (request: FastifyRequest, reply: FastifyReply) => void) =>
  (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    let failure: Error | undefined;
    try {
      work(request, reply);
    } catch (error) {
      failure = error as Error;
    }
    done(failure);
  };
