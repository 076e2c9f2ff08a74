/** Can a command be decided where it lies (P17)? Written anew here, without shared/domain. */
import type { Command, ThingCommand } from '../../shared/domain/command.ts';
import type { LogRecord } from './certificate.ts';
import { createPartition } from './create-partition.ts';
import type { UnreadableEvidence } from './evidence.ts';

const VISIBLE_ASCII = /^[!-~]+$/;
const FEATURE = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const COMMAND_ID_MAX_CHARS = 128;
const NAME_MAX_CODE_POINTS = 1_000;
/** The years 0 to 9999, as milliseconds since 1970. */
const YEAR_0_MS = -62_167_219_200_000;
const YEAR_10000_MS = 253_402_300_800_000;

export const isDecidable = (
  { record, partition }: LogRecord<Command | UnreadableEvidence>,
  partitions: number,
): boolean => {
  if (record.type === 'unreadable') return false;
  const { commandId, requestedOn } = record;
  if (!VISIBLE_ASCII.test(commandId) || commandId.length > COMMAND_ID_MAX_CHARS || !isTime(requestedOn))
    return false;
  if (record.type === 'mark' || record.type === 'switch') return true;
  if (record.type === 'enable') return FEATURE.test(record.feature);
  if (!hasFields(record)) return false;
  if (record.type === 'create') return createPartition(commandId, partitions) === partition;
  return record.thingId % partitions === partition;
};

const hasFields = (command: ThingCommand): boolean => {
  if (command.type !== 'create') {
    if (!isWhole(command.thingId, 1) || !isWhole(command.version, 0)) return false;
    if (command.type === 'delete') return true;
    if ([command.createdOn, command.updatedOn].some((time) => time !== null && !isTime(time))) return false;
  }
  const { name, foo } = command;
  const characters = Array.from(name).length;
  // A half of a pair of UTF-16 does not survive the way through UTF-8.
  const isText = Buffer.from(name).toString() === name && !name.includes('\0');
  return characters >= 1 && characters <= NAME_MAX_CODE_POINTS && isText && Math.abs(foo) < Infinity;
};

const isWhole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
const isTime = (value: number): boolean => isWhole(value, YEAR_0_MS) && value < YEAR_10000_MS;
