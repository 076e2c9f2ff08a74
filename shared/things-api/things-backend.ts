/** What an API does for the routes of Things: the routes are the same, who answers is not. */
import type { Decision } from '../domain/answer.ts';
import type { ThingCommand } from '../domain/command.ts';

/** A Thing, ready to be sent. */
export interface ThingView {
  readonly version: number;
  readonly json: string;
}

export type WriteResult =
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** In the log, not decided yet: what the client gets that does not want to wait. */
  | { readonly kind: 'pending'; readonly location: string; readonly body: object };

export interface ThingsBackend {
  /** Throws ApiError `outcome-unknown` when no outcome came in time. */
  write(command: ThingCommand, options: { readonly respondAsync: boolean }): Promise<WriteResult>;
  /** `latest`: linearizable (P9), else what this process knows. Deleted ones are undefined. */
  thing(
    id: number,
    options: { readonly latest: boolean },
  ): ThingView | undefined | Promise<ThingView | undefined>;
  /** What `thing` answers to a reader that does not ask for the latest, if its JSON is in memory. */
  readyThing?(id: number): ThingView | undefined;
  /** Up to `limit` Things with an id above `after`, in id order, as JSON; fewer only at the end. */
  things(
    after: number,
    limit: number,
  ): { id: number; json: string }[] | Promise<{ id: number; json: string }[]>;
  /** Resolves when a list shows everything that was acknowledged before the call. */
  caughtUp(): Promise<void>;
}
