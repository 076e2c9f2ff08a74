/** Histories on disk: JSON lines, with a first line that says which playground they are of. */
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { HistoryLine } from '../../checker/history.ts';

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
  close(): Promise<void>;
}

export const openHistory = (file: string, head: HistoryHead): HistoryWriter => {
  const stream = createWriteStream(file);
  stream.write(`${JSON.stringify(head)}\n`);
  return {
    write: (line) => void stream.write(`${JSON.stringify(line)}\n`),
    close: async () => {
      stream.end();
      await once(stream, 'finish');
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
  for await (const text of createInterface({ input: createReadStream(file) })) {
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
