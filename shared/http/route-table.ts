/**
 * Which route a request's target names: the one answer to 404, 405, Allow and OPTIONS. A path is split at its slashes, and each
 * segment is percent-decoded once. Empty segments, `.` and `..` name nothing, however they are written, and are not
 * resolved; an encoded slash is a character of its segment. One slash at the end may stand or not.
 */

export interface RouteTable {
  /** `pattern`: such as `/api/things/:id`. */
  add(pattern: string, methods: string | readonly string[]): void;
  /** Methods of the route that the target names, in order; undefined when it names none. */
  methodsOf(target: string): readonly string[] | undefined;
}

interface Route {
  readonly segments: readonly string[];
  methods: readonly string[];
}

export const createRouteTable = (): RouteTable => {
  const routes: Route[] = [];
  return {
    add: (pattern, methods) => {
      const segments = splitPath(pattern);
      const key = segments.join('/');
      let route = routes.find((known) => known.segments.join('/') === key);
      if (route === undefined) routes.push((route = { segments, methods: [] }));
      route.methods = [...new Set([...route.methods, ...[methods].flat()])].toSorted();
    },
    methodsOf: (target) => {
      const segments = segmentsOf(target);
      return segments && routes.find((one) => fits(one.segments, segments))?.methods;
    },
  };
};

/** The decoded segments of a target's path; undefined when it can name nothing. */
export const segmentsOf = (target: string): string[] | undefined => {
  // The absolute form of a target has an origin.
  const [path] = target.replace(/^https?:\/\/[^/?#]*/, '').split(/[?#]/, 1);
  if (path?.startsWith('/') !== true) return undefined;
  try {
    const segments = splitPath(path).map((segment) => decodeURIComponent(segment));
    return segments.some((segment) => NO_NAME.has(segment)) ? undefined : segments;
  } catch {
    return undefined;
  }
};

const NO_NAME = new Set(['', '.', '..']);

const splitPath = (path: string): string[] => path.slice(1).replace(/\/$/, '').split('/');

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((segment, index) => segment.startsWith(':') || segment === segments[index]);
