/**
 * The closed list of what a request can be refused with, beside the answers of a master (answer-reply.ts). Every error
 * goes out as `{"error-message": "…"}`. Only `outcome-unknown` leaves open whether the write took effect.
 */
export const ERRORS = {
  'bad-request': { status: 400, definite: true },
  /** To the updater: the command could never be decided, whoever asks (P17). */
  undecidable: { status: 400, definite: true },
  unauthorized: { status: 401, definite: true },
  forbidden: { status: 403, definite: true },
  'not-found': { status: 404, definite: true },
  'method-not-allowed': { status: 405, definite: true },
  'request-timeout': { status: 408, definite: true },
  'too-large': { status: 413, definite: true },
  'unsupported-media-type': { status: 415, definite: true },
  'expectation-failed': { status: 417, definite: true },
  /** Original is not the master. (The name on the wire stays: releases run side by side.) */
  'not-owner': { status: 421, definite: true },
  /** The Host or the target of the request names somebody else. */
  misdirected: { status: 421, definite: true },
  /** The caller belongs to another namespace than the Original API that it has reached. */
  'other-genesis': { status: 421, definite: true },
  'key-reused': { status: 422, definite: true },
  'version-required': { status: 428, definite: true },
  'headers-too-large': { status: 431, definite: true },
  internal: { status: 500, definite: false },
  'not-implemented': { status: 501, definite: true },
  overloaded: { status: 503, definite: true },
  unavailable: { status: 503, definite: true },
  /** Database and log of the partition contradict each other: somebody has to act. */
  diverged: { status: 503, definite: true },
  'outcome-unknown': { status: 504, definite: false },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** The code of an error, for programs: one status stands for several codes. */
export const ERROR_CODE_HEADER = 'x-error-code';

/**
 * Does an answer say for certain whether the write took effect? Of statuses from 500 on only those do whose code is known to: what
 * has no code of ours comes from somebody between.
 */
export const isDefinite = (status: number, code: unknown): boolean =>
  status < 500 || (isErrorCode(code) && ERRORS[code].definite);

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERRORS, code);

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

export const errorBody = (message: string): string => JSON.stringify({ 'error-message': message });

export const RETRY_AFTER_SECONDS = '1';

export const unavailable = (message: string): ApiError =>
  new ApiError('unavailable', message, { 'retry-after': RETRY_AFTER_SECONDS });

export const noSuchThing = (id: string | number): ApiError =>
  new ApiError('not-found', noSuchThingMessage(id));

export const noSuchThingMessage = (id: string | number): string => `there is no Thing ${id}`;
