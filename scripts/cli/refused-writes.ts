/** How many writes both APIs have turned away so far, by their metrics; undefined when one of them does not answer. */
import type { Addresses } from '../client/config.ts';

const TIMEOUT_MS = 5_000;
const REFUSED =
  /^http_request_duration_seconds_count\{(?=[^}]*method="(?:POST|PUT|DELETE)")(?=[^}]*status="503")(?=[^}]*route="\/api\/)[^}]*\} (\d+)/gm;

export const refusedWrites = async ({ originalUrl, shinyUrl }: Addresses): Promise<number | undefined> => {
  try {
    const counts = await Promise.all(
      [originalUrl, shinyUrl].map(async (url) => {
        const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
        const text = await response.text();
        return [...text.matchAll(REFUSED)].reduce((sum, [, count]) => sum + Number(count), 0);
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  } catch {
    return undefined;
  }
};
