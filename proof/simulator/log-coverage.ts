/** What a finished run shows to have happened in it: read from its log and history. */
import type { HistoryLine } from '../checker/history.ts';
import { evolve, fold } from '../../shared/domain/fold.ts';
import { emptyState, type PartitionState } from '../../shared/domain/partition-state.ts';
import type { Outcome } from '../../shared/domain/outcome.ts';
import type { EvidenceRecord } from '../checker/evidence.ts';
import type { DecodedLog } from './decoded-log.ts';
import type { Coverage } from './coverage.ts';

export const coverageOfLog = ({ saw }: Coverage, log: DecodedLog, history: readonly HistoryLine[]): void => {
  const commandIds = new Set(
    log.commands.flatMap(({ record }) => (record.type === 'unreadable' ? [] : [record.commandId])),
  );
  const states = new Map<number, PartitionState>();
  for (const evidence of log.outcomes) {
    const state = states.get(evidence.partition) ?? emptyState(evidence.partition);
    states.set(evidence.partition, state);
    sightOutcome(saw, state, evidence, log);
  }
  const answered = new Map<string, HistoryLine>();
  const unsure = new Set<string>();
  for (const line of history) {
    if (line.commandId === undefined) continue;
    if (line.outcome === 'unknown') unsure.add(line.commandId);
    const answer = line.outcome === 'accepted' || line.outcome === 'conflict';
    if (answer && unsure.has(line.commandId))
      saw(
        line.outcome === 'accepted' ? 'an unknown outcome was accepted' : 'an unknown outcome was a conflict',
      );
    if (answer && !answered.has(line.commandId)) answered.set(line.commandId, line);
    if (answer && line.api === 'original' && commandIds.has(line.commandId))
      saw('a direct write was forwarded to Shiny');
  }
};

const sightOutcome = (
  saw: Coverage['saw'],
  state: PartitionState,
  { partition, record: outcome, bytes, timestamp }: EvidenceRecord<Outcome>,
  log: DecodedLog,
): void => {
  const before = state.header;
  const record = { outcome, bytes, timestamp };
  if (outcome.type === 'decided') {
    const stored = state.answers.get(outcome.answer.commandId);
    if (evolve(before, record) !== undefined && stored !== undefined && stored.decidedBy !== before.master)
      saw(`a retry crossed a switch to ${before.master}`);
  }
  const lossy = state.lossy.size;
  const counted = fold(state, record);
  if (counted === undefined) return sightIgnored(saw, outcome, before.digest);
  if (outcome.type === 'invalid' || (outcome.type === 'observed' && outcome.number === null))
    saw('a record that is none was passed over');
  if (counted.mapped.length > 0) saw('lossy Things were mapped', lossy);
  if (counted.switchResult === null) return;
  const { result, reason } = counted.switchResult;
  const behind = log.commands.some(
    ({ partition: other, offset, timestamp: sent }) =>
      other === partition && offset > counted.header.position && sent <= timestamp,
  );
  if (result === 'skipped')
    saw(
      reason?.startsWith('Original did not answer') === true
        ? 'Shiny let a switch go because Original did not answer'
        : 'a switch was skipped',
    );
  if (result === 'refused') {
    saw('a switch was refused after its compare-and-set');
    if (before.released !== null) saw('a switch was refused after Shiny had let go');
  }
  if (result === 'switched') {
    const to = counted.header.master;
    saw(`a switch was switched to ${to}`);
    if (behind) saw(`a command waited behind a switch to ${to}`);
  }
};

const sightIgnored = (saw: Coverage['saw'], outcome: Outcome, digest: string): void => {
  if (outcome.type === 'observed') saw('an entry of the feed was observed twice');
  else if ((outcome.type === 'decided' || outcome.type === 'invalid') && outcome.previousDigest !== digest)
    saw("a stale twin's decision was ignored");
  else if (outcome.type !== 'genesis') saw("a stale twin's switch record was ignored");
};
