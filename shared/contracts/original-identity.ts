/** Asks Original who it is, from the start on until it answers: an address that leads to somebody else ends the process. */
import type { Lifecycle } from '../process/lifecycle.ts';
import type { Logger } from '../process/logger.ts';
import type { Time } from '../process/time.ts';
import type { HttpOriginalClient } from './original-client.ts';

const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 2_000;

export const watchOriginal = (
  original: HttpOriginalClient,
  { logger, time }: { readonly logger: Logger; readonly time: Time },
  lifecycle: Lifecycle,
): void => {
  let stopped = false;
  lifecycle.onClose('question who Original is', async () => {
    stopped = true;
  });
  lifecycle.failWith('the Original API', original.misled);

  const identify = async (): Promise<void> => {
    let said = '';
    for (let delay = FIRST_DELAY_MS; !stopped; delay = Math.min(delay * 2, DELAY_MAX_MS)) {
      try {
        return await original.identify();
      } catch (error) {
        // One line per trouble; that nobody listens yet is none.
        const { message, code } = error as NodeJS.ErrnoException;
        const level = code === 'ECONNREFUSED' ? 'debug' : 'warn';
        if (!stopped && message !== said)
          logger[level]({ reason: message }, 'the Original API has not said who it is');
        said = message;
      }
      await time.sleep(delay);
    }
  };
  void identify();
};
