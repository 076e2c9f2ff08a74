/**
 * Bare: what a view must do at the least with a log of commands and outcomes: consume, decode, take the digest of each
 * outcome, and keep on disk the Thing, the answer, how far it is, and where the command lies, by id and by time.
 */
import { createHash } from 'node:crypto';
import { open } from 'lmdb';
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import type { ThingCommand } from '../../shared/domain/command.ts';
import type { Decided } from '../../shared/domain/outcome.ts';
import { consumeAll } from './consume-platformatic.ts';

/** Returns milliseconds. */
export const rebuildSteps = async (
  brokers: readonly string[],
  topics: readonly string[],
  codec: RecordCodec,
  records: number,
  file: string,
): Promise<number> => {
  const root = open({ path: file, maxDbs: 5 });
  const [things, answers, places, commands, commandsByTime] = [
    'things',
    'answers',
    'checkpoints',
    'commands',
    'by-time',
  ].map((name) => root.openDB({ name })) as [typeof root, typeof root, typeof root, typeof root, typeof root];
  let lastPut: Promise<boolean> = Promise.resolve(true);
  const ms = await consumeAll(brokers, topics, codec, records, (record, { partition, offset, value }) => {
    const read = record as ThingCommand | Decided;
    if (read.type === 'decided') {
      const digest = createHash('sha256').update(value).digest();
      if (read.state !== null) void things.put(read.state.id, read.state);
      void answers.put(read.answer.commandId, read.answer);
      lastPut = places.put(partition, { offset, digest });
    } else if ('commandId' in read) {
      void commands.put(read.commandId, { ...read, offset });
      lastPut = commandsByTime.put([read.requestedOn, partition, Number(offset)], read.commandId);
    }
  });
  const began = performance.now();
  await lastPut;
  const settledMs = performance.now() - began;
  await root.close();
  return ms + settledMs;
};
