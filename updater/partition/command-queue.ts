/** The commands of one partition that are not decided yet, in the order of the log. */
import type { Command } from '../../shared/domain/command.ts';

/** What lies in the log as a command and is none (P17). */
export interface InvalidCommand {
  readonly type: 'invalid';
  readonly reason: string;
}

export interface QueuedCommand {
  readonly offset: number;
  readonly command: Command | InvalidCommand;
}

export interface WaitingCommand extends QueuedCommand {
  /** Milliseconds, monotonic. */
  readonly enqueuedAt: number;
}

export interface CommandQueue {
  push(command: WaitingCommand): void;
  /** The first command behind `position`. */
  after(position: number): WaitingCommand | undefined;
  /** Forgets what lies at `position` or before it. Returns whether there was any. */
  dropThrough(position: number): boolean;
  size(): number;
}

/** So many forgotten entries are kept at the head before the array is cut. */
const HEAD_MAX = 1_024;

export const createCommandQueue = (): CommandQueue => {
  let commands: WaitingCommand[] = [];
  let head = 0;
  return {
    push: (command) => void commands.push(command),
    after: (position) => {
      const first = commands[head];
      if (first === undefined) return undefined;
      // Offsets have no gaps as a rule, so the place can be told; if they have, it is a little later.
      let index = head + Math.max(0, position + 1 - first.offset);
      while (index > head && (commands[index - 1]?.offset ?? Infinity) > position) index--;
      return commands[index];
    },
    dropThrough: (position) => {
      const before = head;
      while (head < commands.length && commands[head]!.offset <= position) head++;
      const dropped = head > before;
      if (head > HEAD_MAX) {
        commands = commands.slice(head);
        head = 0;
      }
      return dropped;
    },
    size: () => commands.length - head,
  };
};
