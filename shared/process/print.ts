/** One line on standard output: what a command was asked for. What it says beside that goes to standard error. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);
