/** One line on standard output: what a command was asked for. What it says beside that goes to standard error. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** One line on standard error: progress, and what went wrong. */
export const printError = (line: string): void => void process.stderr.write(`${line}\n`);
