/** Which part of the service a request is for, before a router has looked at it, or whatever the router makes of it. */

/** Parts of a service, by the first segment of the path. */
export type Area = 'api' | 'internal' | 'operation' | 'other';

const OPERATION = new Set(['health', 'metrics']);
/** How nearly all requests read: nothing to decode, and no dots. */
const PLAIN_API_PATH = /^\/api\/[\w/-]*$/;

/**
 * `route` is the pattern that the router has found, if any. A path is internal when its pattern is, or when it reads so
 * in any spelling (`//internal`, `/%69nternal`, `/x/../internal`): a router that decodes more than we do opens nothing.
 */
export const areaOf = (url: string, route: string | undefined): Area => {
  if (PLAIN_API_PATH.test(url) && route?.startsWith('/internal') !== true) return 'api';
  const areas = [firstSegment(decodedPath(url)), ...(route === undefined ? [] : [firstSegment(route)])];
  if (areas.includes('internal')) return 'internal';
  if (areas.includes('api')) return 'api';
  return areas.every((area) => OPERATION.has(area)) ? 'operation' : 'other';
};

/** The authority of a target in absolute form (`GET http://host:port/path`), else undefined. */
export const targetAuthority = (url: string): string | undefined =>
  url.startsWith('/') ? undefined : /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];

const decodedPath = (url: string): string => {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#;]/, 1)[0]!;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

const firstSegment = (path: string): string => {
  const segments: string[] = [];
  for (const segment of path.split(/[/\\]/)) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments[0] ?? '';
};
