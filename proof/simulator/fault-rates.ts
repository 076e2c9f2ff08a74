/** How often what goes wrong, in one run; drawn from the seed, so that runs differ in kind. Probabilities per event. */
import type { Random } from './random.ts';

export interface FaultRates {
  readonly appendLost: number;
  readonly appendTwice: number;
  /** The broker refuses a machine's appends for a while: nothing is stored, and that is certain. */
  readonly appendRefused: number;
  /** Of appends, and of calls of Original and its store. */
  readonly answerLost: number;
  readonly callLost: number;
  readonly relayTwice: number;
  /** Milliseconds between crashes, pauses and switches; 0: none. */
  readonly crashEveryMs: number;
  readonly pauseEveryMs: number;
  readonly switchEveryMs: number;
  /** Milliseconds between records that others write into our topics; 0: none. */
  readonly foreignEveryMs: number;
  /** How far the clocks of machines may be off; milliseconds. */
  readonly clockSkewMs: number;
  /** One updater is of another release, which decides some commands otherwise. */
  readonly otherRelease: boolean;
  /** Some processes are of an older release, and end where a feature is enabled that they do not know. */
  readonly olderRelease: boolean;
  readonly updaters: number;
  readonly apiNodes: number;
  readonly slowMachine: boolean;
  /** How fast a reader reads the log: where it is slow, who starts anew is behind for long. */
  readonly recordsPerMs: number;
}

export const drawFaultRates = (random: Random): FaultRates => {
  const calm = random.chance(0.15);
  const rate = (high: number): number => (calm || random.chance(0.3) ? 0 : random.next() * high);
  const every = (low: number, high: number): number =>
    calm || random.chance(0.25) ? 0 : random.between(low, high);
  return {
    appendLost: rate(0.01),
    appendTwice: rate(0.05),
    appendRefused: rate(0.002),
    answerLost: rate(0.01),
    callLost: rate(0.01),
    relayTwice: rate(0.1),
    crashEveryMs: every(100, 1_500),
    pauseEveryMs: every(100, 1_500),
    switchEveryMs: random.between(30, 600),
    foreignEveryMs: random.chance(0.3) ? random.between(50, 500) : 0,
    clockSkewMs: random.pick([0, 0, 400, 7_200_000]),
    otherRelease: random.chance(0.4),
    olderRelease: random.chance(0.3),
    updaters: random.pick([1, 2, 2, 2, 3]),
    apiNodes: random.pick([1, 2, 2]),
    slowMachine: random.chance(0.3),
    recordsPerMs: random.pick([50, 50, 4]),
  };
};
