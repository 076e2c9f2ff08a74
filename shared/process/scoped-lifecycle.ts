/** A lifecycle for a command that opens things, does its work, and closes them: in reverse order, all of them. */
import type { Lifecycle } from './lifecycle.ts';

export interface ScopedLifecycle {
  readonly lifecycle: Lifecycle;
  close(): Promise<void>;
}

/** `onFailure` hears of what was opened and failed. */
export const scopedLifecycle = (onFailure: (error: Error) => void = () => undefined): ScopedLifecycle => {
  const opened = new AsyncDisposableStack();
  return {
    lifecycle: {
      onClose: (_what, close) => {
        const closeIt = async (): Promise<void> => void (await close().catch(onFailure));
        if (opened.disposed) void closeIt();
        else opened.defer(closeIt);
      },
      onKill: () => undefined,
      failWith: (_what, work) => void work.catch(onFailure),
    },
    close: () => opened.disposeAsync(),
  };
};
