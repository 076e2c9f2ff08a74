/** One log line and one observation of a histogram per request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../process/logger.ts';
import type { Metrics } from '../process/metrics.ts';

/** In place of a status: the connection ended before an answer had begun. */
const UNANSWERED = 499;

/** Called when a request begins; `routeOf` tells the pattern that it was taken for, once it is known. */
export type ObserveRequest = (
  message: IncomingMessage,
  response: ServerResponse,
  routeOf: () => string | undefined,
) => void;

export const requestObserver = (logger: Logger, metrics: Metrics): ObserveRequest => {
  const duration = metrics.histogram('http_request_duration_seconds', 'Time to answer a request', [
    'method',
    'route',
    'status',
  ]);
  return (message, res, routeOf) => {
    const { method = '', url } = message;
    const began = performance.now();
    res.once('close', () => {
      const elapsedMs = performance.now() - began;
      const route = routeOf() ?? 'unknown';
      // Koa presets 404.
      const status = res.headersSent ? res.statusCode : UNANSWERED;
      duration.observe({ method, route, status }, elapsedMs / 1_000);
      if (!logger.isLevelEnabled('info')) return;
      const line = {
        method,
        url,
        status,
        ms: Math.round(elapsedMs * 10) / 10,
        commandId: res.getHeader('x-command-id'),
      };
      const isQuiet = ['/health', '/metrics', '/internal'].some((prefix) => route.startsWith(prefix));
      logger[isQuiet ? 'debug' : 'info'](line, 'request');
    });
  };
};
