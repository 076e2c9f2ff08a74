/**
 * The wall before all routes: who may ask for what, by the head of the request alone, before its body is read. It knows
 * node's messages and no framework.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkGenesis, GENESIS_HEADER, NAMESPACE_HEADER, type Identity } from './genesis-check.ts';
import { createHostCheck, createOriginCheck, SAFE_METHODS, type HostCheckParts } from './host-check.ts';
import { areaOf } from './request-path.ts';
import { checkBearer, checkInternalSecret } from './secret-check.ts';

export interface WallParts extends HostCheckParts {
  /** What writes need; undefined: nothing. */
  readonly apiToken: string | undefined;
}

export interface InternalWall extends Identity {
  readonly secret: string;
  /** The one path under /internal that tells callers of any genesis who answers. */
  readonly identityPath: string;
}

/** Throws ApiError. `routed`: the path that the router sees. Sets headers of the answer that hold for errors too. */
export type Wall = (message: IncomingMessage, response: ServerResponse, routed: string | undefined) => void;

/** `internal`: of the service that has routes under /internal. */
export const createWall = (parts: WallParts, internal?: InternalWall): Wall => {
  const { apiToken } = parts;
  const hostCheck = createHostCheck(parts);
  const checkOrigin = createOriginCheck(parts, hostCheck);
  return (message, response, routed) => {
    const { url = '', method } = message;
    const area = areaOf(url, routed);
    if (area === 'internal' && internal !== undefined) {
      // Before the secret check: they show a caller with another secret that its address is wrong.
      response.setHeader(GENESIS_HEADER, internal.genesis);
      response.setHeader(NAMESPACE_HEADER, internal.namespace);
      checkInternalSecret(message, internal.secret);
    }
    hostCheck.check(message, area);
    checkOrigin(message);
    if (area === 'internal' && internal !== undefined) {
      if (routed !== internal.identityPath) checkGenesis(message, internal);
    } else if (apiToken !== undefined && !SAFE_METHODS.has(method)) {
      checkBearer(message, apiToken);
    }
  };
};
