/** What the model is asked: which part, in which size, with which rule taken away, and what must come out. */

export interface Configuration {
  readonly name: string;
  readonly model: 'switch-protocol.pml' | 'ids.pml' | 'latest-topic.pml' | 'outbox-numbers.pml';
  readonly flags: readonly string[];
  /** Of docs/protocol.md: P1 to P17. */
  readonly rules: readonly string[];
  /** Safe: the search was exhaustive and found nothing. Violated: it stopped at a counterexample. */
  readonly expected: 'safe' | 'violated';
  readonly budget: 'quick' | 'full';
  /** What the run shows. */
  readonly shows: string;
  /** Assertions, or that no run goes round in a circle. */
  readonly search?: 'assertions' | 'cycles';
}

const SWITCH = { model: 'switch-protocol.pml', rules: [] } as const;
const IDS = { model: 'ids.pml', rules: ['P1'] } as const;
const NUMBERS = { model: 'outbox-numbers.pml', rules: ['P16'] } as const;
const TOPIC = { model: 'latest-topic.pml', rules: ['P15'] } as const;

const ONE = '-DCOMMANDS=1';
const NO_RETRY = '-DRETRIES=0';
const NO_CRASH = '-DCRASHES=0';
const NO_LOSS = '-DLOST_APPENDS=0';
const NO_DIRECT = '-DDIRECT_CALLS=0';
const READS = [ONE, NO_RETRY, NO_CRASH];
const ONE_SWITCH = '-DSWITCHES=1';
const THREE_SWITCHES = '-DSWITCHES=3';

/** All rules obeyed: nothing may be found. */
const bases: readonly Configuration[] = [
  base('base, small', [ONE, NO_RETRY], 'one command; a crash, a switch there and back', 'quick'),
  base('base, one command', [ONE], 'one command and its retry'),
  base('base', [], 'two commands, a retry, two switches, a direct call, a crash, a lost append'),
  base('base, no crash', [NO_CRASH], 'nothing stands still that only a restart would heal'),
  base('base, patient', ['-DPATIENT'], 'every switch that fits is carried out, and every command decided'),
  base('base, patient, no crash', ['-DPATIENT', NO_CRASH], 'the same, without a restart'),
  base('three switches', [ONE, THREE_SWITCHES], 'a switch behind one that was let go meets the aborted row'),
  base(
    'three updaters',
    [ONE, NO_CRASH, '-DTHIRD_UPDATER=1'],
    'no two of them, nor three, disturb each other',
  ),
  base('two releases', ['-DTWO_RELEASES', NO_CRASH], 'what one accepts, the other may refuse'),
  base('two releases, deep', [ONE, '-DTWO_RELEASES', '-DSPECULATION=2'], 'the same, two records unread'),
  base('speculation 2', [ONE, '-DSPECULATION=2', '-DLOST_APPENDS=2'], 'two records unread, two lost'),
  base('stale relay', [ONE, '-DREPUBLISHED=1'], 'any outbox row again, at any time'),
  base(
    'stale relay, three switches',
    [ONE, NO_RETRY, NO_CRASH, THREE_SWITCHES, '-DREPUBLISHED=1'],
    'a fence again',
  ),
  base('two direct calls', [ONE, '-DDIRECT_CALLS=2'], 'also with one id'),
  base('pruned answers', ['-DPRUNING', NO_DIRECT], '`since` alone holds back calls from before the switch'),
  base('reads', [...READS, '-DREADS=1'], 'linearizable reads'),
  base('reads, with a retry and a crash', [ONE, '-DREADS=1'], 'linearizable reads'),
  base('two reads', [...READS, NO_LOSS, '-DREADS=2'], 'a later read never shows an older version'),
  base(
    'reads, three switches, patient',
    [...READS, THREE_SWITCHES, '-DREADS=1', '-DPATIENT'],
    'linearizable reads',
  ),
  base('reads, newer of both', [...READS, NO_LOSS, '-DREADS=2', '-DNEWER_OF_BOTH'], 'P9 without waiting'),
  base(
    'reads, newer of both, three switches, patient',
    [...READS, THREE_SWITCHES, '-DREADS=1', '-DPATIENT', '-DNEWER_OF_BOTH'],
    'P9 without waiting',
  ),
  {
    ...base('no cycle', [ONE], 'every schedule ends: the budgets are finite, and nothing goes round'),
    search: 'cycles',
  },
  { ...IDS, ...safe('ids, small', ['-DCREATES=2', '-DATTEMPTS=3'], 'ids of two partitions', 'quick') },
  { ...IDS, ...safe('ids', [], 'ids of two partitions that switch alone') },
  base(
    'a record that is no command',
    [ONE, NO_RETRY, '-DINVALIDS=1'],
    'it is passed over once, by everybody',
    'quick',
  ),
  { ...NUMBERS, ...safe('outbox numbers', [], 'a relay that sends again', 'quick') },
  {
    ...NUMBERS,
    ...safe('outbox numbers, restored', ['-DRESTORED'], 'a database that is set back to a backup', 'quick'),
  },
  { ...NUMBERS, ...safe('outbox numbers, lost', ['-DLOST'], 'a feed that is created anew', 'quick') },
  { ...TOPIC, ...safe('latest topic, small', ['-DVERSIONS=2'], 'two versions', 'quick') },
  { ...TOPIC, ...safe('latest topic', [], 'the compacted topic ends with the newest state') },
];

/** That the interesting things happen at all; "violated" means reached. */
const witnesses: readonly Configuration[] = [
  witness('reached: a switch back', 1, [ONE, NO_RETRY]),
  witness('reached: let go, the row aborted before', 2, [ONE, NO_RETRY]),
  witness('reached: and then refused by that row', 3, [ONE, NO_RETRY, NO_DIRECT, THREE_SWITCHES]),
  witness('reached: a stale decision, ignored', 4, [ONE, NO_RETRY]),
  witness('reached: a stored answer while Shiny is master', 5, [ONE, NO_RETRY]),
  {
    ...witness('reached: a cycle, if losses never end', 0, [ONE, NO_RETRY, NO_CRASH, '-DENDLESS_LOSS']),
    search: 'cycles',
  },
];

/** One rule taken away: a counterexample must be found. */
const mutants: readonly Configuration[] = [
  idMutant('WITHOUT_P1_SEQUENCE_PER_PARTITION', 'a Thing is born in a partition of another master'),
  idMutant('WITHOUT_P1_FLOOR_PER_PARTITION', 'the same, at Shiny'),
  idMutant('WITHOUT_P1_COMMAND_PARTITION', 'the retry of a create makes a second Thing'),
  idMutant('WITHOUT_P5_ID_FLOOR', 'Shiny gives an id that Original has given'),
  idMutant('WITHOUT_P5_SEQUENCE_LIFT', 'Original gives an id that Shiny has given'),
  mutant(
    'WITHOUT_P2_OBSERVED_ANSWERS',
    [ONE, NO_CRASH],
    'a write at Original, its answer lost; its retry at Shiny: refused',
  ),
  mutant(
    'WITHOUT_P2_REFUSAL_ROWS',
    [NO_RETRY, NO_CRASH, ONE_SWITCH],
    'refused at Original; its retry takes effect at Shiny',
  ),
  mutant(
    'WITHOUT_P2_MIRROR_ANSWERS',
    [ONE, NO_CRASH],
    'decided by Shiny; after the switch back the retry gets another answer',
  ),
  mutant('WITHOUT_P3_CHAIN', [ONE], 'a command is decided twice'),
  mutant(
    'WITHOUT_P3_DIGEST',
    [ONE],
    'a `skipped` that has not seen `released` counts behind it: row and log disagree',
  ),
  mutant(
    'WITHOUT_P3_DIGEST',
    [ONE, NO_CRASH, '-DPATIENT', '-DTWO_RELEASES'],
    'a decision made from a losing one counts',
    'two releases',
  ),
  mutant('WITHOUT_P4_FEED_CHAIN', [ONE, NO_CRASH], 'a lost `observed` leaves a hole: a write is lost'),
  mutant(
    'WITHOUT_P4_FOLD_CURSOR',
    [ONE, NO_CRASH],
    'a cursor of its own runs past entries that did not count',
  ),
  mutant(
    'WITHOUT_P5_FENCE',
    [ONE, NO_CRASH],
    '`switched` closes before the last write of Original was observed',
  ),
  mutant(
    'WITHOUT_P5_FENCE_IN_FOLD',
    [ONE, NO_CRASH, '-DSPECULATION=2'],
    'the updater has seen the fence, the log has not',
  ),
  mutant(
    'WITHOUT_P5_FENCE_EPOCH',
    [ONE, NO_RETRY, NO_CRASH, NO_LOSS, THREE_SWITCHES, '-DREPUBLISHED=1', '-DPATIENT'],
    'an old fence opens the gate',
  ),
  mutant('WITHOUT_P6_READ_BACK -DWITHOUT_P6_STOP_AT_SWITCH', [ONE], 'the partition stands still for ever'),
  mutant(
    'WITHOUT_P6_READ_BACK -DWITHOUT_P6_ANSWER_FIRST',
    [ONE, NO_RETRY],
    'the partition stands still for ever',
  ),
  mutant('WITHOUT_P7_LOCK_FIRST', [ONE, NO_CRASH], 'a write sorts behind the fence and is lost'),
  mutant('WITHOUT_P7_ONE_TRANSACTION', [ONE, NO_CRASH], 'a write slips in after the fence'),
  mutant('WITHOUT_P8_CHAIN', [ONE], 'a `released` that a stale updater sent after a `skipped` counts'),
  mutant(
    'WITHOUT_P8_CHAIN -DWITHOUT_P6_READ_BACK',
    [ONE, '-DPATIENT'],
    'nobody can decide the command before it any more',
  ),
  mutant(
    'WITHOUT_P9_RELEASED_READ',
    [ONE, NO_RETRY, NO_CRASH, NO_LOSS, '-DREADS=1', '-DPATIENT'],
    'a stale read between `released` and `switched`',
  ),
  mutant(
    'WITHOUT_P9_SINCE',
    [ONE, NO_RETRY, NO_CRASH, '-DREADS=1'],
    'a stale read: "not master" because the row is ahead of the noted fold',
  ),
  mutant('WITHOUT_P10_ONLY_POSTGRES', [ONE], 'two answers for one command'),
  mutant('WITHOUT_P10_STORED_REFUSALS', [NO_RETRY, NO_CRASH, ONE_SWITCH], 'a refused write takes effect'),
  mutant('WITHOUT_P11_NEWER_DECIDED', [NO_CRASH, ONE_SWITCH], 'an old state replaces a newer one'),
  mutant(
    'WITHOUT_P11_NEWER_OBSERVED',
    [NO_RETRY, NO_CRASH, NO_LOSS, NO_DIRECT, ONE_SWITCH, '-DREPUBLISHED=1'],
    'the same, from a stale relay',
  ),
  mutant('WITHOUT_P11_REPEATED_STATE', [ONE], 'answered before the state is in the log'),
  mutant('WITHOUT_P12_EPOCH', [ONE], 'log and row disagree after a refused switch'),
  mutant('WITHOUT_P12_ROW_DECIDES', [ONE], 'refused in the log, done in the row'),
  mutant('WITHOUT_P12_CAS', [ONE], 'the row is moved twice'),
  mutant('WITHOUT_P12_LET_GO_TO_ORIGINAL', [ONE], 'let go after the row went to Shiny'),
  mutant('WITHOUT_P12_LET_GO_UNRELEASED', [ONE], 'let go after `released`: the mirror gives the row away'),
  mutant('WITHOUT_P13_NO_WAY_BACK', [ONE], 'refused after the row has moved'),
  mutant(
    'WITHOUT_P14_SINCE',
    ['-DPRUNING', NO_CRASH, NO_DIRECT, NO_LOSS],
    'with pruned answers a refused write takes effect',
    'pruned',
  ),
  mutant(
    'WITHOUT_P14_AT_MOST',
    [ONE, NO_CRASH],
    '`since = token` strands the commands after a refused switch',
  ),
  mutant('WITHOUT_OWNER_CHECK', [ONE, NO_CRASH], 'a direct write after the fence'),
  mutant('WITHOUT_STORED_ANSWERS', [ONE], 'two answers for one command'),
  mutant('WITHOUT_MIRROR_FIRST', [ONE, NO_CRASH], 'the row goes to Original before its table has everything'),
  mutant(
    'WITHOUT_P17_PASSED_OVER',
    [ONE, NO_RETRY, '-DINVALIDS=1'],
    'the partition stands still behind a record that is no command',
  ),
  {
    ...NUMBERS,
    ...violated(
      'WITHOUT_P16_CONTENT',
      ['-DRESTORED'],
      'writes of a database that was set back are taken for repeats',
    ),
  },
  { ...NUMBERS, ...violated('WITHOUT_P16_GAP', ['-DLOST'], 'acknowledged writes are skipped') },
  { ...TOPIC, ...violated('WITHOUT_P15_READ_BACK', [], 'an old state stays the latest for ever') },
];

/** Taken away alone, these break nothing: another rule holds as well. */
const spares: readonly Configuration[] = [
  spare(
    'WITHOUT_P3_DIGEST',
    [NO_CRASH, '-DPATIENT'],
    'one release, and no switch is let go: the offset is enough',
  ),
  spare('WITHOUT_P5_FENCE_WAIT', [ONE], 'the fold judges; waiting is only polite'),
  spare('WITHOUT_P6_READ_BACK', [ONE], 'the stored answer needs no master'),
  spare('WITHOUT_P6_STOP_AT_SWITCH', [ONE], 'the row is touched only from what was read back'),
  spare('WITHOUT_P6_ANSWER_FIRST', [ONE], 'what was decided is read back before the switch'),
  spare('WITHOUT_P8_CHAIN', [ONE, '-DPATIENT'], 'no switch is let go, and everything is read back before'),
  spare('WITHOUT_P14_SINCE', [NO_CRASH], 'complete stored answers protect as well'),
];

export const CONFIGURATIONS: readonly Configuration[] = [...bases, ...witnesses, ...mutants, ...spares];

function safe(
  name: string,
  flags: readonly string[],
  shows: string,
  budget: Configuration['budget'] = 'full',
) {
  return { name, flags, shows, budget, expected: 'safe' } as const;
}

function violated(flag: string, flags: readonly string[], shows: string, variant?: string) {
  const name = flag.replaceAll(' -D', ', ') + (variant === undefined ? '' : `, ${variant}`);
  return {
    name,
    flags: [...`-D${flag}`.split(' '), ...flags],
    shows,
    budget: 'quick',
    expected: 'violated',
  } as const;
}

function base(name: string, flags: readonly string[], shows: string, budget?: 'quick'): Configuration {
  return { ...SWITCH, ...safe(name, flags, shows, budget) };
}

function witness(name: string, number: number, flags: readonly string[]): Configuration {
  const shows = 'that the model gets there';
  return {
    ...SWITCH,
    name,
    flags: [`-DWITNESS=${number}`, ...flags],
    shows,
    expected: 'violated',
    budget: 'quick',
  };
}

function mutant(flag: string, flags: readonly string[], shows: string, variant?: string): Configuration {
  return { ...SWITCH, ...violated(flag, flags, shows, variant), rules: rulesOf(flag) };
}

function idMutant(flag: string, shows: string): Configuration {
  return { ...IDS, ...violated(flag, [], shows), rules: rulesOf(flag) };
}

function spare(flag: string, flags: readonly string[], shows: string): Configuration {
  return { ...SWITCH, ...safe(`${flag}, alone`, [`-D${flag}`, ...flags], shows), rules: rulesOf(flag) };
}

function rulesOf(flag: string): readonly string[] {
  return [...new Set(flag.match(/P\d+/g))];
}
