/** Histories on disk: JSON lines, with a first line that says which playground they are of. */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { diskFault } from '../../shared/process/disk-fault.ts';
import type { HistoryLine } from '../checker/history.ts';

export interface HistoryHead {
  readonly type: 'history';
  readonly namespace: string;
  /** Milliseconds since 1970 at which the clock of the lines was 0. */
  readonly startedOn: number;
  /** Nobody else wrote in this namespace, before or meanwhile. */
  readonly isComplete: boolean;
}

export interface HistoryWriter {
  write(line: HistoryLine): void;
  /** Resolves when it cannot be written any more; `close` says why. */
  readonly broken: Promise<void>;
  /** Throws when something could not be written. */
  close(): Promise<void>;
}

export const openHistory = (file: string, head: HistoryHead): HistoryWriter => {
  const stream = createWriteStream(file);
  const broken = Promise.withResolvers<void>();
  let fault: unknown;
  stream.on('error', (error) => {
    fault = diskFault(file, error);
    broken.resolve();
  });
  const write = (line: object): void => {
    if (fault === undefined) stream.write(`${JSON.stringify(line)}\n`);
  };
  write(head);
  return {
    write,
    broken: broken.promise,
    close: async () => {
      if (fault === undefined) {
        stream.end();
        await Promise.race([once(stream, 'finish').catch(() => undefined), broken.promise]);
      }
      if (fault !== undefined) throw fault;
    },
  };
};

/** Calls `onLine` for each line. Throws when the file is not a history, naming the line. */
export const readHistory = async (
  file: string,
  onLine: (line: HistoryLine) => void,
): Promise<HistoryHead> => {
  let head: HistoryHead | undefined;
  let number = 0;
  // Opened here: a stream that cannot open its file would fail where nobody waits for it.
  const opened = await open(file).catch((error: unknown) => {
    throw diskFault(file, error);
  });
  for await (const text of createInterface({ input: opened.createReadStream() })) {
    number++;
    if (text.trim() === '') continue;
    const record = parsed(file, number, text);
    if (head === undefined) {
      if ((record as HistoryHead).type !== 'history')
        throw new Error(`${file} is not a history: its first line has no "type": "history"`);
      head = record as HistoryHead;
    } else onLine(record as HistoryLine);
  }
  if (head === undefined) throw new Error(`${file} is empty`);
  return head;
};

const parsed = (file: string, number: number, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${file}, line ${number} is not JSON; was the load cut off?`);
  }
};
