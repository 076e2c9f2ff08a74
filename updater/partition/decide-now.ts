/** Who decides a command: the fold where it can (P10), Shiny's rules while Shiny is master, else Original. */
import type { Decision } from '../../shared/domain/answer.ts';
import { isLogCommand, type LogCommand, type ThingCommand } from '../../shared/domain/command.ts';
import { decide, decideFromFold, type DecideState } from '../../shared/domain/decide.ts';
import { decisionFault } from '../../shared/domain/divergence.ts';
import { ApiError } from '../../shared/http/errors.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { Trouble } from '../outcomes/partition-trouble.ts';

export type DecidedNow =
  | { readonly kind: 'decision'; readonly decision: Decision }
  /** It could never be decided, whoever asks (P17). */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** Original has not decided. The log will say why, or it is asked again. */
  | {
      readonly kind: 'not-now';
      readonly trouble?: Pick<Trouble, 'kind' | 'reason'>;
      readonly error?: unknown;
    };

/** `state`: the fold, with the decisions of ours that are not read back. */
export const decideNow = async (
  state: DecideState,
  command: ThingCommand | LogCommand,
  partition: number,
  original: Pick<OriginalClient, 'decide'>,
): Promise<DecidedNow> => {
  const { header } = state;
  if (header.master === 'shiny' || isLogCommand(command))
    return { kind: 'decision', decision: decide(state, command) };
  const known = decideFromFold(state, command);
  if (known !== undefined) return { kind: 'decision', decision: known };
  try {
    const decision = await original.decide(partition, header.epoch, command);
    if (decision === 'not-master') return { kind: 'not-now' };
    const fault = decisionFault(state, command, decision);
    return fault === undefined
      ? { kind: 'decision', decision }
      : { kind: 'not-now', trouble: { kind: 'diverged', reason: fault } };
  } catch (error) {
    const { message } = error as Error;
    // Nothing was written. A plain `bad-request` is different: a mismatch of updater and Original, not a fault of the command.
    if (isCode(error, 'undecidable')) return { kind: 'invalid', reason: message };
    const kind = isCode(error, 'diverged') ? 'diverged' : 'stuck';
    return { kind: 'not-now', trouble: { kind, reason: `Original does not decide: ${message}` }, error };
  }
};

const isCode = (error: unknown, code: ApiError['code']): boolean =>
  error instanceof ApiError && error.code === code;
