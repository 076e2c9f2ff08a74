/**
 * The path of a request, before the router looks at it: in one spelling, so that there is one matcher; and which part of the
 * service it is for, whatever the router makes of it.
 */

/** Parts of a service, by the first segment of the path. */
export type Area = 'api' | 'internal' | 'operation' | 'other';

const OPERATION = new Set(['health', 'metrics']);
/** How nearly all requests read: nothing to decode, and no dots. */
const PLAIN_API_PATH = /^\/api\/[\w/-]*$/;

/**
 * `routed` is the path that the router sees, if any. A path is internal when that is, or when it reads so
 * in any spelling (`//internal`, `/%69nternal`, `/x/../internal`): a router that decodes more than we do opens nothing.
 */
export const areaOf = (url: string, routed: string | undefined): Area => {
  if (PLAIN_API_PATH.test(url) && routed?.startsWith('/internal') !== true) return 'api';
  const areas = [firstSegment(decodedPath(url)), ...(routed === undefined ? [] : [firstSegment(routed)])];
  if (areas.includes('internal')) return 'internal';
  if (areas.includes('api')) return 'api';
  return areas.every((area) => OPERATION.has(area)) ? 'operation' : 'other';
};

/**
 * The path of a target in the one spelling that the router sees: each segment percent-decoded once and encoded again, no slash at
 * the end. Undefined: it can name nothing. Empty segments, `.` and `..` name nothing, however they are written, and are not
 * resolved; an encoded slash is a character of its segment.
 */
export const routedPath = (target: string): string | undefined => {
  if (PLAIN_PATH.test(target)) return target;
  // The absolute form of a target has an origin.
  const [path] = target.replace(/^https?:\/\/[^/?#]*/, '').split(/[?#]/, 1);
  if (path?.startsWith('/') !== true) return undefined;
  try {
    const segments = path.slice(1).replace(/\/$/, '').split('/').map(decodeURIComponent);
    if (segments.some((segment) => NO_NAME.has(segment))) return undefined;
    return `/${segments.map(encodeURIComponent).join('/')}`;
  } catch {
    return undefined;
  }
};

/** How nearly all paths read. */
const PLAIN_PATH = /^(\/[\w-]+)+$/;
const NO_NAME = new Set(['', '.', '..']);

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
