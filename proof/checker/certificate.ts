/** What the checker says in the end. As JSON it is the type itself; `certificateText` is for people. */
import type { Api } from '../../shared/domain/thing.ts';
import type { EvidenceRecord } from './evidence.ts';
import type { HistoryLine, SeenThing } from './history.ts';

export const VIOLATIONS_PER_KIND_MAX = 10;

/** Every kind of violation with its row in the table: each count must be 0. */
const VIOLATION_LABELS = {
  lostWrites: 'acknowledged writes lost',
  refusedWritesInEffect: 'refused writes that took effect',
  secondEffects: 'second effects of one command',
  differingAnswers: 'differing answers to one command',
  staleReads: 'stale no-cache reads',
  plainReadsGoingBack: 'plain reads that went back',
  futureReads: 'versions seen before they were asked for',
  unknownVersionsSeen: 'versions seen that the log does not hold',
  writesOutOfOrder: 'writes decided against a past state',
  versionsWithTwoWriters: 'versions with two writers',
  versionGaps: 'version gaps',
  ghostWrites: 'ghost writes',
  thingEpochsGoingBack: 'epochs of a Thing going back',
  partitionEpochsGoingBack: 'epochs of a partition going back',
  undecidedCommands: 'commands without a decision',
  commandsDecidedTwice: 'commands with two decisions',
  decisionsOfNoCommand: 'decisions of no such command',
  decisionsOutOfOrder: 'commands decided out of order',
  brokenFeed: 'entries of the feed lost or out of order',
  unequalThings: 'Things in which stores and log differ',
} as const;

export type ViolationKind = keyof typeof VIOLATION_LABELS;

export const VIOLATION_KINDS = Object.keys(VIOLATION_LABELS) as readonly ViolationKind[];

/** A record of the log without its bytes. */
export type LogRecord<R = EvidenceRecord['record']> = Omit<EvidenceRecord<R>, 'bytes'>;

/** A row of a store, or that it has none. */
export interface StoreRow {
  readonly store: Api;
  readonly thing: SeenThing | null;
}

export type Evidence = LogRecord | HistoryLine | StoreRow;

export interface Violation {
  readonly kind: ViolationKind;
  readonly message: string;
  /** The smallest list that explains it. */
  readonly excerpt: readonly Evidence[];
}

export interface SwitchCounts {
  readonly switched: number;
  readonly refused: number;
  readonly skipped: number;
}

export interface Certificate {
  /** No violation of any kind. */
  readonly clean: boolean;
  /** Writes by command id, and reads. */
  readonly operations: number;
  readonly tries: number;
  /** Of Things, in the counted log. */
  readonly versions: number;
  readonly partitions: number;
  /** In the time of the history, by the master that they were to. */
  readonly switches: Readonly<Record<Api, SwitchCounts>>;
  readonly counts: Readonly<Record<ViolationKind, number>>;
  /** Both stores are equal to each other and to the last states of the log. */
  readonly storesEqual: boolean;
  /** At most VIOLATIONS_PER_KIND_MAX of a kind; `counts` has all of them. */
  readonly violations: readonly Violation[];
}

export const certificateText = (certificate: Certificate): string => {
  const { switches, counts, violations } = certificate;
  const rows: [string, string | number][] = [
    ['operations', certificate.operations],
    ['tries', certificate.tries],
    ['versions of Things', certificate.versions],
    ['partitions', certificate.partitions],
    ['switches to Shiny', switchText(switches.shiny)],
    ['switches to Original', switchText(switches.original)],
    ...VIOLATION_KINDS.map((kind): [string, number] => [VIOLATION_LABELS[kind], counts[kind]]),
    ['both stores equal the log', certificate.storesEqual ? 'yes' : 'no'],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    ...rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`),
    '',
    certificate.clean ? 'Clean: no violation.' : 'NOT CLEAN.',
    ...violations.flatMap(violationLines),
    '',
  ].join('\n');
};

const switchText = ({ switched, refused, skipped }: SwitchCounts): string =>
  `${switched} (${refused} refused, ${skipped} did not fit)`;

const violationLines = ({ kind, message, excerpt }: Violation): string[] => [
  '',
  `${VIOLATION_LABELS[kind]}: ${message}`,
  ...excerpt.map((evidence) => `  ${evidenceText(evidence)}`),
];

const evidenceText = (evidence: Evidence): string => {
  if ('topic' in evidence) {
    const { topic, partition, offset, record } = evidence;
    return `${topic} ${partition}@${offset} ${JSON.stringify(record)}`;
  }
  if ('store' in evidence) return `store of ${evidence.store} ${JSON.stringify(evidence.thing)}`;
  return `client ${evidence.client} ${JSON.stringify(evidence)}`;
};
