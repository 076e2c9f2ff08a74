/** A lifecycle for a command that opens things, does its work, and closes them: in reverse order, all of them. */
import type { Lifecycle } from './lifecycle.ts';

export interface BriefLifecycle {
  readonly lifecycle: Lifecycle;
  close(): Promise<void>;
}

/** `onFailure` hears of what was opened and failed. */
export const briefLifecycle = (onFailure: (error: Error) => void = () => undefined): BriefLifecycle => {
  const closers: (() => Promise<unknown>)[] = [];
  return {
    lifecycle: {
      onClose: (_what, close) => void closers.push(close),
      onKill: () => undefined,
      failWith: (_what, failed) => void failed.catch(onFailure),
    },
    close: async () => {
      for (const close of closers.splice(0).toReversed()) await close().catch(onFailure);
    },
  };
};
