/**
 * What clients did and saw: one line of JSON per try of an operation. `playground load` and the simulator write it, the
 * checker judges it.
 */

export type OperationKind = 'create' | 'update' | 'delete' | 'read' | 'read-latest';

/** A Thing as a client saw it, in whichever shape: ids and versions as numbers, times in milliseconds since 1970. */
export interface SeenThing {
  readonly id: number;
  readonly name: string;
  readonly foo: number;
  readonly version: number;
  readonly createdOn: number;
  readonly updatedOn: number;
}

/**
 * accepted   the write took effect, or the read found the Thing: `thing` is what was shown (of a delete: the last state before it)
 * conflict   the compare-and-set said no, for the reason `code`; or a read found nothing: code 'absent'
 * refused    turned away before anything was written (503 and the like)
 * unknown    no answer, or one that leaves the outcome open (504): it may have taken effect, or still will
 */
export type OperationOutcome = 'accepted' | 'conflict' | 'refused' | 'unknown';

export interface HistoryLine {
  /** Microseconds, by one monotonic clock for the whole history. */
  readonly call: number;
  readonly return: number;
  /** Who asked; a client asks for one thing after the other. */
  readonly client: number;
  /** Which API showed it, and which node of it ('shiny', 'shiny-2', 'original', …). */
  readonly api: 'original' | 'shiny';
  readonly node: string;
  readonly kind: OperationKind;
  /** Of a write. Tries of one write have the same one. */
  readonly commandId?: string;
  /** Not of a create. */
  readonly thingId?: number;
  /** What a create or update asked for. */
  readonly sent?: { readonly name: string; readonly foo: number };
  /** The version that an update or delete expected. */
  readonly version?: number;
  readonly outcome: OperationOutcome;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  readonly thing?: SeenThing;
  readonly code?: 'absent' | 'conflict' | 'readonly' | 'unrepresentable' | 'reused';
  /** With the code 'conflict'. */
  readonly currentVersion?: number;
}
