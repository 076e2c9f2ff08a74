/** What the checker judges a history against: the records of the log, and both stores once they are quiet. */
import type { Command } from '../../shared/domain/command.ts';
import type { OriginalEntry, Outcome } from '../../shared/domain/outcome.ts';
import type { SeenThing } from './history.ts';

export type EvidenceTopic = 'commands' | 'outcomes' | 'original';

/** A record of commands or feed that no release can read, or that is of another topic. */
export interface UnreadableEvidence {
  readonly type: 'unreadable';
}

/** A record where it lies. Those of one topic and partition come in the order of their offsets. */
export interface EvidenceRecord<R = Command | Outcome | OriginalEntry | UnreadableEvidence> {
  readonly topic: EvidenceTopic;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly record: R;
  /** The fingerprint of its schema and its payload: what the digest of the chain runs over. */
  readonly bytes: Uint8Array;
}

/** What each store shows, deleted Things left out, in any order. */
export interface StoreEvidence {
  readonly original: Iterable<SeenThing>;
  readonly shiny: Iterable<SeenThing>;
}
