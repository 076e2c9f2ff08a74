import { expect, test } from 'vitest';
import { pauseChart, slowestBeyondPause, type SwitchSeen } from './prove-switches.ts';

const STARTED_ON = 1_000_000;
const switched = (partition: number, begunOn: number, pauseMs: number): SwitchSeen => ({
  partition,
  to: 'shiny',
  result: 'switched',
  pauseMs,
  waited: 0,
  begunOn: STARTED_ON + begunOn,
  decidedOn: STARTED_ON + begunOn + pauseMs,
  reason: undefined,
});
const took = (thingId: number, callMs: number, ms: number) =>
  ({
    call: callMs * 1_000,
    return: (callMs + ms) * 1_000,
    client: 0,
    api: 'shiny',
    node: 'shiny',
    kind: 'update',
    thingId,
    outcome: 'accepted',
    status: 200,
  }) as const;

test('a request is measured against the pauses that it met, in its own partition', () => {
  const switches = [switched(3, 100, 50), switched(4, 100, 80)];
  const beyond = (...tries: ReturnType<typeof took>[]) => slowestBeyondPause(tries, switches, STARTED_ON, 12);
  expect(beyond(took(3, 90, 70))).toBe(20);
  expect(beyond(took(15, 90, 70))).toBe(20);
  expect(beyond(took(5, 90, 70))).toBe(70);
  expect(beyond(took(3, 200, 30), took(4, 150, 40))).toBe(30);
});

test('the chart counts each pause once', () => {
  const lines = pauseChart([10, 24, 25, 99, 4_000].map((pause) => switched(0, 0, pause)));
  expect(lines.map((line) => /(\d+)?$/.exec(line)?.[1])).toEqual([
    undefined,
    '2',
    '1',
    undefined,
    '1',
    undefined,
    undefined,
    '1',
  ]);
});
