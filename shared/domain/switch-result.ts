/**
 * What became of a switch command in one partition.
 *
 * switched   the mastership has moved
 * refused    aborted before the point of no return; master as before, the epoch moves (P12)
 * skipped     passed over, decided from the log alone; nothing has changed, not even the epoch (P12)
 */
export interface SwitchResult {
  readonly commandId: string;
  readonly result: 'switched' | 'refused' | 'skipped';
  /** After it. */
  readonly epoch: number;
  readonly reason: string | null;
  /** Milliseconds since 1970: the timestamp of the outcome record. */
  readonly decidedOn: number;
}
