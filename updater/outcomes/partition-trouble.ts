/** What keeps a partition from going on, for who asks, and one log line per trouble instead of one per try. */
import type { Logger } from '../../shared/process/logger.ts';
import type { Time } from '../../shared/process/time.ts';

export interface Trouble {
  /** stuck: it may pass by itself. diverged: Original and the log contradict each other, somebody has to act. */
  readonly kind: 'stuck' | 'diverged';
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface TroubleKeeper {
  present(): Trouble | undefined;
  /** Something does not go on. Said once, until the reason is another one or the trouble is over. */
  has(kind: Trouble['kind'], reason: string, error?: unknown): void;
  over(): void;
}

export const createTroubleKeeper = (
  what: Readonly<Record<string, unknown>>,
  { logger, time }: { readonly logger: Logger; readonly time: Time },
): TroubleKeeper => {
  let present: Trouble | undefined;
  return {
    present: () => present,
    has: (kind, reason, error) => {
      if (present?.kind === kind && present.reason === reason) return;
      const line = { ...what, reason, err: error };
      if (kind === 'diverged')
        logger.error(line, 'a partition stands: Original and the log contradict each other');
      else logger.warn(line, 'a partition does not go on, trying again');
      present = { kind, reason, since: present?.kind === kind ? present.since : time.now() };
    },
    over: () => {
      if (present === undefined) return;
      logger.info({ ...what, was: present.reason }, 'a partition goes on again');
      present = undefined;
    },
  };
};
