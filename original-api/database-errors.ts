/**
 * What an error of the database means. By SQLSTATE (PostgreSQL, appendix A); everything that is not named here, and
 * every error of the connection, may pass: the same call may be made again.
 */

/** The database is behind the log: a decision is asked for in an epoch that it does not know. */
export class DatabaseBehindError extends Error {
  override readonly name = 'DatabaseBehindError';
}

/** It will fail again however often it is tried, whatever the value: tables, rights or settings are not what they must be. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError';
}

export type DatabaseFault = 'retry' | 'unrepresentable' | 'behind' | 'unusable';

const BY_SQLSTATE: Readonly<Record<string, DatabaseFault>> = {
  // Ours, of the functions in migrations.
  MP001: 'behind',
  MP002: 'unusable',
  // A second of two transactions that raced; they come in class 23, and pass.
  '23505': 'retry',
  '23503': 'retry',
  // Limits of a row, and a text that the encoding of the server has not.
  '54000': 'unrepresentable',
  '22P05': 'unrepresentable',
  '22021': 'unrepresentable',
  // The value is fine: tables, functions, rights or settings are not.
  '42P01': 'unusable',
  '42883': 'unusable',
  '42703': 'unusable',
  '42501': 'unusable',
  '3F000': 'unusable',
};
const BY_CLASS: Readonly<Record<string, DatabaseFault>> = {
  // Data exceptions, and constraints that an operator has added: Original can never store the value.
  '22': 'unrepresentable',
  '23': 'unrepresentable',
};

export const faultOf = (error: unknown): DatabaseFault => {
  const state = sqlStateOf(error);
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
  if (fault === 'unusable') return new DatabaseUnusableError(message, { cause: error });
  return error;
};
