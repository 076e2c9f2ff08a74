/**
 * What an error of the database means. By SQLSTATE (PostgreSQL, appendix A); everything that is not named here, and
 * every error of the connection, may pass: the same call may be made again.
 */

/** What an operator does about a database that was set back. */
export const SET_BACK_WAY_OUT =
  'restore what it lacks, or rebuild the partition from the log (`playground master repair`)';

/** The database is behind the log: a decision is asked for in an epoch that it does not know. */
export class DatabaseBehindError extends Error {
  override readonly name = 'DatabaseBehindError';

  constructor(message: string, options?: ErrorOptions) {
    super(`${message}; ${SET_BACK_WAY_OUT}`, options);
  }
}

/** It will fail again however often it is tried, whatever the value: tables, rights or settings are not what they must be. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError';
}

/** A command about a Thing of another partition: nothing was written, and never will be. */
export class MisplacedCommandError extends Error {
  override readonly name = 'MisplacedCommandError';
}

export const unusableMessage = ({ message }: DatabaseUnusableError): string =>
  `the database is not as Original made it (tables, functions or rights): ${message}`;

export type DatabaseFault = 'retry' | 'unrepresentable' | 'behind' | 'misplaced' | 'unusable';

const BY_SQLSTATE: Readonly<Record<string, DatabaseFault>> = {
  // Ours, of the functions in migrations.
  MP001: 'behind',
  MP002: 'unusable',
  MP003: 'misplaced',
  // What a trigger raises.
  P0001: 'unrepresentable',
  // Limits of a row, and a text that the encoding of the server has not.
  '54000': 'unrepresentable',
  '22P05': 'unrepresentable',
  '22021': 'unrepresentable',
  // The value is fine: tables, functions, rights or settings are not.
  '3F000': 'unusable',
  // A statement that is prepared twice, or not: a new connection has it right.
  '42P05': 'retry',
};
const BY_CLASS: Readonly<Record<string, DatabaseFault>> = {
  // Data exceptions, and constraints that an operator has added: Original can never store the value.
  '22': 'unrepresentable',
  '23': 'unrepresentable',
  // Tables, columns, functions, rights.
  '42': 'unusable',
};
/** Two transactions that raced: the first has won, and the next try sees it. */
const OUR_KEYS: ReadonlySet<string> = new Set(['things_pkey', 'answers_pkey', 'outbox_pkey', 'mirror_pkey']);
const UNIQUE_VIOLATION = '23505';

export const faultOf = (error: unknown): DatabaseFault => {
  const state = sqlStateOf(error);
  const { constraint } = error as { constraint?: string };
  if (state === UNIQUE_VIOLATION && (constraint === undefined || OUR_KEYS.has(constraint))) return 'retry';
  return BY_SQLSTATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? 'retry';
};

const sqlStateOf = (error: unknown): string => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
};

/** The error as the caller gets it. */
export const namedError = (error: unknown): unknown => {
  const fault = faultOf(error);
  const { message } = error as Error;
  if (fault === 'behind') return new DatabaseBehindError(message, { cause: error });
  if (fault === 'misplaced') return new MisplacedCommandError(message, { cause: error });
  if (fault === 'unusable') return new DatabaseUnusableError(message, { cause: error });
  return error;
};
