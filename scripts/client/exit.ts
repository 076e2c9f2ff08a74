/** How a command ends. */
export const EXIT = { done: 0, refused: 1, usage: 2, notKnown: 3 } as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a sentence for the user. */
export class CommandFault extends Error {
  override readonly name = 'CommandFault';
  readonly status: ExitStatus;

  constructor(status: ExitStatus, message: string) {
    super(message);
    this.status = status;
  }
}

// Who reads us through `head` has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});
