/** How a command looks over HTTP: its place in the log, and its answer once it is decided. */
import { Type } from 'typebox';
import type { StoredAnswer } from '../shared/domain/answer.ts';
import type { ThingCommand } from '../shared/domain/command.ts';
import type { SwitchResult } from '../shared/domain/switch-result.ts';
import { answerReply } from '../shared/things-api/answer-reply.ts';
import type { Sent } from '../shared/commands/command-sender.ts';
import type { IndexedCommand } from './command-index.ts';
import { isoTime } from '../shared/process/iso-time.ts';

export const COMMAND = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  thing_id: Type.Optional(Type.String()),
  partition: Type.Integer(),
  offset: Type.Optional(
    Type.Integer({ description: 'In the command log; a direct write to Original has none.' }),
  ),
  requested_on: Type.Optional(Type.String({ format: 'date-time' })),
  status: Type.Union([Type.Literal('pending'), Type.Literal('decided')]),
  decision: Type.Optional(Type.Union([Type.Literal('accepted'), Type.Literal('refused')])),
  decided_by: Type.Optional(Type.Union([Type.Literal('original'), Type.Literal('shiny')])),
  epoch: Type.Optional(Type.Integer()),
  decided_on: Type.Optional(Type.String({ format: 'date-time' })),
  answer: Type.Optional(Type.Object({ status: Type.Integer(), body: Type.Unknown() })),
  reason: Type.Optional(Type.String({ description: 'Why a switch was refused, or did not fit.' })),
});

export const commandPath = (commandId: string): string => `/api/commands/${encodeURIComponent(commandId)}`;

/** A command that was just put into the log. */
export const pendingCommand = (command: ThingCommand, { partition, offset }: Sent): object => ({
  id: command.commandId,
  kind: command.type,
  ...(command.type === 'create' ? {} : { thing_id: String(command.thingId) }),
  partition,
  offset,
  requested_on: isoTime(command.requestedOn),
  status: 'pending',
});

export const indexedCommandJson = (
  command: IndexedCommand,
  stored: StoredAnswer | SwitchResult | undefined,
): object => {
  if (stored !== undefined && 'result' in stored)
    return { ...placeOf(command, command.thingId), ...switchJson(stored) };
  const thingId = stored?.answer.thingId ?? command.thingId;
  return {
    ...placeOf(command, thingId),
    ...(stored === undefined ? { status: 'pending' } : decidedShape(stored)),
  };
};

const placeOf = (command: IndexedCommand, thingId: number | null): object => ({
  id: command.commandId,
  kind: command.type,
  ...(thingId === null ? {} : { thing_id: String(thingId) }),
  partition: command.partition,
  offset: command.offset,
  requested_on: isoTime(command.requestedOn),
});

const switchJson = ({ result, epoch, reason, decidedOn }: SwitchResult): object => ({
  status: 'decided',
  decision: result === 'switched' ? 'accepted' : 'refused',
  epoch,
  decided_on: isoTime(decidedOn),
  ...(reason === null ? {} : { reason }),
});

/** A direct write to the Original API: decided, but never in the command log. */
export const directCommandJson = (partition: number, stored: StoredAnswer): object => ({
  id: stored.answer.commandId,
  kind: stored.answer.commandType,
  ...(stored.answer.thingId === null ? {} : { thing_id: String(stored.answer.thingId) }),
  partition,
  ...decidedShape(stored),
});

const decidedShape = (stored: StoredAnswer): object => {
  const { status, body } = answerReply(stored, 'shiny');
  return {
    status: 'decided',
    decision: stored.answer.code === 'accepted' ? 'accepted' : 'refused',
    decided_by: stored.decidedBy,
    epoch: stored.epoch,
    decided_on: isoTime(stored.decidedOn),
    answer: { status, body: JSON.parse(body) as unknown },
  };
};
