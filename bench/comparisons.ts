/** All comparisons, in the order of the table. */
import type { Comparison } from './kit/comparison.ts';
import { coldStart, coldStartSteps } from './rows/cold-start.ts';
import { directWrite, directWriteSteps } from './rows/direct-write.ts';
import { hotRead } from './rows/hot-read.ts';
import { latestRead, latestReadSteps } from './rows/latest-read.ts';
import { list, listSlices } from './rows/list.ts';
import { proxiedWrite } from './rows/proxied-write.ts';
import { rebuild, rebuildSteps } from './rows/rebuild.ts';
import { switchPause, switchPauseSteps } from './rows/switch-pause.ts';
import { visibility } from './rows/visibility.ts';
import { writeLatency } from './rows/write-latency.ts';
import { writeLatencySteps, writeThroughputSteps } from './rows/write-steps.ts';
import { writeThroughput } from './rows/write-throughput.ts';

const READERS = 16;

export const COMPARISONS: readonly Comparison[] = [
  hotRead('koa'),
  hotRead('http'),
  writeLatency('kafkajs'),
  writeLatency('platformatic'),
  writeLatencySteps,
  writeThroughput('kafkajs'),
  writeThroughput('platformatic'),
  writeThroughputSteps,
  proxiedWrite,
  directWrite,
  directWriteSteps,
  rebuild('kafkajs'),
  rebuild('platformatic'),
  rebuildSteps,
  list,
  listSlices,
  visibility,
  switchPause('shiny'),
  switchPause('original'),
  switchPauseSteps('shiny'),
  switchPauseSteps('original'),
  latestRead(1),
  latestRead(READERS),
  latestReadSteps,
  coldStart,
  coldStartSteps,
];
