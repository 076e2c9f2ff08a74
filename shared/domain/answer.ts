/**
 * The answer of a master to one command: the same whichever API shows it, stored under (partition, command id), and
 * repeated for ever. How it looks over HTTP is in shared/things-api/answer-reply.ts.
 */
import type { CommandType } from './command.ts';
import type { Api, Thing } from './thing.ts';

/**
 * accepted   the write took effect (or a mark was passed); `state` is what it made
 * absent     there is no such Thing, or it is deleted
 * conflict   the version is not the current one, which is `currentVersion`
 * readonly   a read-only field, named by `field`, was sent along and differs from the present value
 * unrepresentable      this master cannot hold the value of `field`
 * reused     the command id already stands for another request; the first answer stays as it is
 */
export type AnswerCode = 'accepted' | 'absent' | 'conflict' | 'readonly' | 'unrepresentable' | 'reused';

export interface Answer {
  readonly commandId: string;
  readonly payloadHash: string;
  readonly commandType: CommandType;
  /** Null for a create that was refused, and for marks. */
  readonly thingId: number | null;
  readonly code: AnswerCode;
  readonly currentVersion: number | null;
  readonly field: string | null;
}

/** An answer with the state that it made, or null when it was refused. */
export interface Decision {
  readonly answer: Answer;
  readonly state: Thing | null;
}

/** What the fold remembers of a decision. */
export interface StoredAnswer extends Decision {
  readonly decidedBy: Api;
  readonly epoch: number;
  /** Milliseconds since 1970: the timestamp of the outcome record. */
  readonly decidedOn: number;
}

/** The part of a command that its answer repeats. */
export interface Asked {
  readonly commandId: string;
  readonly payloadHash: string;
  readonly type: CommandType;
  readonly thingId?: number;
}

interface Refusal {
  readonly code: Exclude<AnswerCode, 'accepted'>;
  readonly currentVersion?: number;
  readonly field?: string;
}

export const accepted = (asked: Asked, state: Thing | null): Decision => ({
  answer: answerTo(asked, 'accepted', state?.id),
  state,
});

export const refused = (asked: Asked, { code, currentVersion, field }: Refusal): Decision => ({
  answer: {
    ...answerTo(asked, code, asked.thingId),
    currentVersion: currentVersion ?? null,
    field: field ?? null,
  },
  state: null,
});

/**
 * What a command gets whose id has an answer already: the same one, or `reused` when it asks for something else
 * (docs/repeated-keys.md).
 */
export const repeated = (stored: Decision, asked: Asked): Decision =>
  stored.answer.payloadHash === asked.payloadHash
    ? { answer: stored.answer, state: stored.state }
    : refused(asked, { code: 'reused' });

const answerTo = (asked: Asked, code: AnswerCode, thingId: number | undefined): Answer => ({
  commandId: asked.commandId,
  payloadHash: asked.payloadHash,
  commandType: asked.type,
  thingId: thingId ?? null,
  code,
  currentVersion: null,
  field: null,
});
