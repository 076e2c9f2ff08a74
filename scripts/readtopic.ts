/** Prints the records of a topic, decoded, one JSON line each, from the start, then following: `make readtopic topic=NAME`. */
import {
  kafkaSettings,
  logSettings,
  namespaceSettings,
  processSettings,
  registrySettings,
} from '../shared/boot/common-settings.ts';
import { openLog } from '../shared/boot/open-log.ts';
import type { RecordCodec } from '../shared/records/record-codec.ts';
import type { LogRecord } from '../shared/log/event-log.ts';
import { runProcess, StartError } from '../shared/process/lifecycle.ts';
import { createLogger } from '../shared/process/logger.ts';
import { flag, settingsOrExit, text } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';
import { TOPICS, topicName } from '../shared/records/topics.ts';

const settings = settingsOrExit({
  name: 'readtopic',
  purpose: 'prints the records of a topic, decoded, one JSON line each',
  version: VERSION,
  settings: {
    TOPIC: { parse: text, help: `${TOPICS.join(', ')}, or a whole name with its namespace` },
    FOLLOW: {
      parse: flag,
      help: 'go on with what comes; without, end at the end noted at start',
      default: 'true',
    },
    ...namespaceSettings,
    ...kafkaSettings,
    ...registrySettings,
    ...processSettings,
  },
});

// The records go to standard output, so the log must not.
const logger = createLogger('readtopic', { ...logSettings(settings), level: 'warn' });

/** What does not decode is shown as such: whoever looks at a topic looks for this. */
const decodedOrReason = async (codec: RecordCodec, { value, isTombstone }: LogRecord): Promise<object> => {
  if (isTombstone === true) return { record: null };
  try {
    const [record] = await codec.decode([value]);
    if (record?.type === 'unreadable') return { unreadable: record.reason, base64: value.toString('base64') };
    return { record };
  } catch (error) {
    return { unreadable: (error as Error).message, base64: value.toString('base64') };
  }
};

await runProcess(logger, settings.STOP_WAIT_MS, async (lifecycle) => {
  const { log, codec } = await openLog('readtopic', settings, lifecycle, logger);
  const known = TOPICS.find((suffix) => suffix === settings.TOPIC);
  const topic = known === undefined ? settings.TOPIC : topicName(settings.NAMESPACE, known);
  const partitions = await log.partitions(topic);
  if (partitions === undefined)
    throw new StartError(`there is no topic ${topic}; the topics of a namespace are ${TOPICS.join(', ')}`);

  const description = await log.describeTopic(topic);
  if (description === undefined) throw new StartError(`there is no topic ${topic} any more`);
  const { begins, ends } = description;
  const unread = new Set(ends.flatMap((end, partition) => (end === begins[partition] ? [] : [partition])));
  const { promise: everythingRead, resolve } = Promise.withResolvers<void>();
  const finish = (): void => {
    if (unread.size === 0) resolve();
  };
  const positions = begins.map((offset, partition) => ({ topic, partition, offset }));
  const tail = await log.tail(positions, async (_topic, partition, records, next) => {
    const decoded = await Promise.all(records.map((record) => decodedOrReason(codec, record)));
    records.forEach(({ offset, key, timestamp }, index) => {
      const line = {
        partition,
        offset,
        timestamp: new Date(timestamp).toISOString(),
        key,
        ...decoded[index],
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    });
    if (next >= ends[partition]!) unread.delete(partition);
    finish();
  });
  lifecycle.onClose('reader', () => tail.stop());
  lifecycle.failWith('reading', tail.failed);
  finish();
  if (settings.FOLLOW) return undefined;
  await everythingRead;
  return 'done';
});
