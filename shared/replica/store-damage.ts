/** What is read from disk is not what was written. Whoever meets it must not answer: the store is rebuilt from the log. */
export class StoreDamagedError extends Error {
  override readonly name = 'StoreDamagedError';

  constructor(what: string, options?: ErrorOptions) {
    super(
      `the local store is damaged (${what}): nothing is answered from it, and the next start rebuilds it from the log`,
      options,
    );
  }
}
