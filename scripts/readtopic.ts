/** Prints the records of a topic, decoded, one JSON line each, from the start, then following: `make readtopic topic=NAME`. */
import {
  kafkaSettings,
  logSettings,
  namespaceSettings,
  processSettings,
  registrySettings,
} from '../shared/process/common-settings.ts';
import { openLog } from '../shared/process/open-log.ts';
import { runProcess, StartError } from '../shared/process/lifecycle.ts';
import { createLogger } from '../shared/process/logger.ts';
import { flag, settingsOrExit, text } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';
import { TOPICS, topicName } from '../shared/log/topics.ts';

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

await runProcess(logger, settings.STOP_WAIT_MS, async (lifecycle) => {
  const { log, codec } = await openLog('readtopic', settings, lifecycle, logger);
  const known = TOPICS.find((suffix) => suffix === settings.TOPIC);
  const topic = known === undefined ? settings.TOPIC : topicName(settings.NAMESPACE, known);
  const partitions = await log.partitions(topic);
  if (partitions === undefined)
    throw new StartError(`there is no topic ${topic}; the topics of a namespace are ${TOPICS.join(', ')}`);

  const ends = await log.endOffsets(topic);
  const unread = new Set(ends.flatMap((end, partition) => (end === 0 ? [] : [partition])));
  const finish = (): void => {
    if (!settings.FOLLOW && unread.size === 0) process.kill(process.pid, 'SIGTERM');
  };
  const positions = ends.map((_, partition) => ({ topic, partition, offset: 0 }));
  const tail = await log.tail(positions, async (_topic, partition, records) => {
    const decoded = await codec.decode(records.map(({ value }) => value));
    records.forEach(({ offset, key, timestamp }, index) => {
      const line = {
        partition,
        offset,
        timestamp: new Date(timestamp).toISOString(),
        key,
        record: decoded[index],
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    });
    if (records.at(-1)!.offset + 1 >= ends[partition]!) unread.delete(partition);
    finish();
  });
  lifecycle.onClose('reader', () => tail.stop());
  lifecycle.failWith('reading', tail.failed);
  finish();
});
