/**
 * Start and stop of a process, once, in order, with a deadline. What was opened is closed in reverse order; a second
 * signal exits at once.
 */
import type { Logger } from './logger.ts';
import { settledWithin } from './timeout.ts';

export interface Lifecycle {
  /** Closed after everything that is opened later. */
  onClose(what: string, close: () => Promise<unknown>): void;
  /** Done at once, and synchronously, when the process is told a second time to end. */
  onKill(kill: () => void): void;
  /** Work in the background: ends the process with status 1 when it rejects, now or later. */
  failWith(what: string, work: Promise<unknown>): void;
}

const EXIT_OK = 0;
const EXIT_FAILED = 1;
/**
 * Of a process that ended with a StartError: what it needs is not there, and to start it again as it is does not help.
 * 78 is EX_CONFIG of sysexits.h.
 */
export const EXIT_CANNOT_START = 78;
/** Of a process whose settings are faulty (settings.ts). */
export const EXIT_BAD_SETTINGS = 2;
/** What a shell reports of a process that was ended by ctrl-C. */
const EXIT_INTERRUPTED = 130;

/**
 * Runs `open`, then until SIGTERM or SIGINT (exit 0), or until something fails (exit 1; 78 for a StartError). A program that has
 * done its work when `open` resolves returns 'done': then it ends (exit 0).
 */
export const runProcess = async (
  logger: Logger,
  stopWaitMs: number,
  open: (lifecycle: Lifecycle) => Promise<void | 'done'>,
): Promise<void> => {
  const opened = new AsyncDisposableStack();
  const killers: (() => void)[] = [];
  let ending = false;

  const end = async (status: number): Promise<void> => {
    if (ending) return;
    ending = true;
    const closed = await settledWithin(opened.disposeAsync(), stopWaitMs);
    if (!closed) logger.warn({ stopWaitMs }, 'not everything was closed in time');
    else logger.info('stopped');
    process.exit(status);
  };
  const fail = (error: unknown, sentence: string): void => {
    if (ending) return;
    if (error instanceof StartError) logger.fatal(error.message);
    else logger.fatal({ err: error }, sentence);
    void end(error instanceof StartError ? EXIT_CANNOT_START : EXIT_FAILED);
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (ending) {
        for (const kill of killers) kill();
        process.exit(EXIT_INTERRUPTED);
      }
      logger.info({ signal }, 'stopping');
      void end(EXIT_OK);
    });
  }
  process.on('uncaughtException', (error) => fail(error, 'an error that nobody caught'));
  process.on('unhandledRejection', (error) => fail(error, 'a rejection that nobody caught'));

  try {
    const result = await open({
      onClose: (what, close) => {
        // Opened after the end has begun: it ends with the process.
        if (!opened.disposed) opened.defer(() => closeOrSay(what, close, logger));
      },
      onKill: (kill) => killers.push(kill),
      failWith: (what, work) => {
        work.catch((error: unknown) => fail(error, `${what} failed`));
      },
    });
    if (result === 'done') await end(EXIT_OK);
  } catch (error) {
    fail(error, 'the start failed');
  }
};

/** Something that the process needs is not there; the message says what, and what to do. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}

/** Whatever does not close, the others are closed. */
const closeOrSay = async (what: string, close: () => Promise<unknown>, logger: Logger): Promise<void> => {
  try {
    await close();
  } catch (error) {
    logger.warn({ err: error, what }, 'closing failed');
  }
};
