/** What a chaos run says in the end. */
import { certificateText } from '../checker/certificate.ts';
import { summaryLine } from '../load/load-stats.ts';
import type { ChaosResult } from './run-chaos.ts';

export const chaosLines = ({
  certificate,
  load,
  faults,
  switches,
  unavailability,
}: ChaosResult): string[] => [
  '',
  ...Object.entries(faults).map(([name, count]) => `${String(count).padStart(6)}  ${name}`),
  `${String(switches.sent).padStart(6)}  switches sent (${switches.notSent} could not be)`,
  '',
  summaryLine(load),
  ...unavailability.map(
    ({ what, longestMs }) => `longest time without an answer to ${what}: ${longestMs} ms`,
  ),
  '',
  certificateText(certificate),
];
