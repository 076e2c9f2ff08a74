/**
 * A child process that does not outlive us, even if we are killed with -9: a small shell holds our end of its standard
 * input, and when that closes, for whatever reason, it ends the child. The child has a session of its own, so ctrl-C
 * reaches us alone and we end things in our order.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { settledWithin } from '../../shared/process/timeout.ts';

export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Ends the child gently. */
  readonly stopSignal: 'TERM' | 'INT';
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Each line that it prints. */
  readonly onLine: (line: string) => void;
}

export interface GuardedProcess {
  /** Of the child itself. */
  readonly pid: Promise<number>;
  /** Resolves with what it ended by: "status 1" or "signal KILL". */
  readonly ended: Promise<string>;
  /** Ends it gently, and by force after `waitMs`. */
  stop(waitMs: number): Promise<void>;
  /** Ends it by force, at once. */
  kill(): void;
}

/** The guard ends the child by force so long after it was asked to end. */
const GUARD_WAIT_SECONDS = 10;

const GUARD = `
exec 3<&0
signal=$1; shift
"$@" 3<&- </dev/null &
child=$!
echo "guarded $child" >&2
( cd /; trap 'kill $timer; exit' TERM; timer=
  cat <&3 >/dev/null; kill -s "$signal" $child
  sleep ${GUARD_WAIT_SECONDS} & timer=$!
  wait $timer; kill -s KILL $child ) >/dev/null 2>&1 &
wait $child
status=$?
kill $! 2>/dev/null
exit $status
`;

export const startGuarded = ({
  command,
  args,
  env,
  cwd,
  stopSignal,
  user,
  onLine,
}: GuardedCommand): GuardedProcess => {
  const guard = spawn('sh', ['-c', GUARD, 'guard', stopSignal, command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(env === undefined ? {} : { env: env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...user,
  });
  const pid = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<string>();
  pid.promise.catch(() => undefined);
  guard.stdin.on('error', () => undefined);
  createInterface({ input: guard.stdout }).on('line', onLine);
  createInterface({ input: guard.stderr }).on('line', (line) => {
    const [, child] = /^guarded (\d+)$/.exec(line) ?? [];
    if (child === undefined) onLine(line);
    else pid.resolve(Number(child));
  });
  guard.on('error', (error) => {
    onLine(`cannot be started: ${error.message}`);
    ended.resolve(error.message);
  });
  // `close` comes after the last line was read.
  guard.on('close', (code, signal) => {
    pid.reject(new Error(`${command} ended before it began`));
    guard.stdin.destroy();
    ended.resolve(describeEnd(code, signal));
  });

  const kill = (): void => {
    try {
      process.kill(-guard.pid!, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  };
  return {
    pid: pid.promise,
    ended: ended.promise,
    kill,
    stop: async (waitMs) => {
      guard.stdin.end();
      if (!(await settledWithin(ended.promise, waitMs))) kill();
      await ended.promise;
    },
  };
};

const LINES_KEPT = 20;

/** Runs it to its end. Resolves with what it ended by, and its last lines. */
export const runGuarded = async (
  command: Omit<GuardedCommand, 'onLine'>,
): Promise<{ end: string; lines: readonly string[] }> => {
  const lines: string[] = [];
  const running = startGuarded({
    ...command,
    onLine: (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
    },
  });
  return { end: await running.ended, lines };
};

// A shell reports a child that was ended by signal n as status 128 + n.
const describeEnd = (code: number | null, signal: string | null): string => {
  if (signal !== null) return `signal ${signal}`;
  return code !== null && code > 128 ? `signal ${code - 128}` : `status ${code}`;
};
