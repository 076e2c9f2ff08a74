/** Writes of each run that may catch a fault, in the usual worlds. */
export const EXHIBIT_WRITES = 1_000;

/**
 * A fault that is planted from outside: when a file of ours is loaded, a piece of its text is replaced (plant.ts). So the
 * production code has no branch for it, and what one line protects from can be seen by taking that line away.
 */
export interface PlantedFault {
  /** What it takes away: a rule of docs/protocol.md. */
  readonly rule: string;
  /** What is wrong with it, in a sentence. */
  readonly breaks: string;
  /** Where it was seen, in the shape that it has there. */
  readonly seen?: string;
  /** Where it shows: in the usual worlds, or in those whose database is set back or whose feed is lost. */
  readonly world?: 'set-back';
  /** Each text must be there exactly once. */
  readonly replace: readonly {
    readonly file: string;
    readonly text: string;
    readonly by: string;
  }[];
}
