/** The versions of one Thing as the log has them: dense, one writer each, epochs that do not fall, no life after death. */
import type { Thing } from '../../shared/domain/thing.ts';
import { sameFields } from './content.ts';
import type { AnswerRecord, ThingFacts } from './ledger.ts';
import type { Report } from './violations.ts';

export interface Version {
  /** The record that brought it first. */
  readonly record: AnswerRecord;
  readonly state: Thing;
  /** The lowest of its records: a repeat carries the epoch of the repeat. */
  readonly epoch: number;
}

/** In order of their numbers. In Original's time the log may bring a higher version first. */
export const versionsOf = ({ states }: ThingFacts, report: Report): Version[] => {
  const byVersion = states.toSorted((a, b) => a.record.state!.version - b.record.state!.version);
  const versions: Version[] = [];
  for (const record of byVersion) {
    const state = record.record.state!;
    const { epoch } = record.record;
    const known = versions.at(-1);
    if (known?.state.version !== state.version) {
      versions.push({ record, state, epoch });
      continue;
    }
    if (epoch < known.epoch) versions[versions.length - 1] = { ...known, epoch };
    if (writerOf(known.record) !== writerOf(record)) {
      report(
        'versionsWithTwoWriters',
        `version ${state.version} of Thing ${state.id} was made by ${writerOf(known.record)} and by ${writerOf(record)}`,
        [known.record, record],
      );
    }
  }
  return versions;
};

export const writerOf = ({ record: { answer } }: AnswerRecord): string | undefined => answer?.commandId;

export const checkVersions = (versions: readonly Version[], partitions: number, report: Report): void => {
  let before: Version | undefined;
  for (const version of versions) {
    const { record, state, epoch } = version;
    const name = `version ${state.version} of Thing ${state.id}`;
    const records = before === undefined ? [record] : [before.record, record];
    if (state.version !== (before?.state.version ?? -1) + 1) {
      report('versionGaps', `${name} follows ${before?.state.version ?? 'nothing'}`, records);
    }
    if (before !== undefined && epoch < before.epoch) {
      report(
        'thingEpochsGoingBack',
        `${name} is of epoch ${epoch}, the one before of ${before.epoch}`,
        records,
      );
    }
    if (writerOf(record) === undefined) {
      report('ghostWrites', `${name} belongs to no command`, [record]);
    }
    if (state.id % partitions !== record.partition) {
      report('ghostWrites', `${name} lies in partition ${record.partition}`, [record]);
    }
    const fault = before === undefined ? undefined : faultAfter(before.state, state);
    if (fault !== undefined) report('ghostWrites', `${name} ${fault}`, records);
    before = version;
  }
};

/** What no command can ask for. */
const faultAfter = (before: Thing, state: Thing): string | undefined => {
  if (before.deleted) return 'follows the deletion';
  if (state.createdOn !== before.createdOn) return 'was created at another time';
  if (state.updatedOn < before.updatedOn) return 'was updated before the version before it';
  if (state.deleted && (!sameFields(before, state) || state.updatedOn !== before.updatedOn)) {
    return 'is deleted, and changed';
  }
  return undefined;
};
