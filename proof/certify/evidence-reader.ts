/** Reads what the checker judges a history against: the topics from their beginning, and both stores, once all is quiet. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EvidenceRecord, EvidenceTopic, StoreEvidence } from '../checker/evidence.ts';
import type { SeenThing } from '../checker/history.ts';
import { seenThing } from '../checker/seen-thing.ts';
import { readRecords } from '../../shared/records/record-reader.ts';
import type { PlaygroundRecord, RecordCodec, UnreadableRecord } from '../../shared/records/record-codec.ts';
import type { OriginalThing, ShinyThing } from '../../shared/domain/mapping.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import { readToEnds } from '../../shared/log/read-to-ends.ts';
import { topicName, type TopicSuffix } from '../../shared/records/topics.ts';
import type { Addresses } from '../../scripts/client/config.ts';
import { createUpdaterClient } from '../../scripts/client/updater-client.ts';

const TOPICS: Readonly<Record<EvidenceTopic, TopicSuffix>> = {
  commands: 'things.commands',
  original: 'things.original',
  outcomes: 'things.outcomes',
};
const QUIET_WAIT_MS = 60_000;
const QUIET_POLL_MS = 200;
const LIST_TIMEOUT_MS = 120_000;
/** No record of a topic for so long, though there should be more. */
const LOG_STALL_MS = 60_000;

/**
 * Resolves when all that was acknowledged is in the outcomes, no command waits, no switch is open and the updater has
 * folded everything; throws after a minute.
 */
export const untilQuiet = async ({ originalUrl, shinyUrl, updaterUrl }: Addresses): Promise<void> => {
  const updater = createUpdaterClient(updaterUrl);
  const deadline = performance.now() + QUIET_WAIT_MS;
  for (let last = 'no answer yet'; ; await sleep(QUIET_POLL_MS)) {
    try {
      // A direct write stands in Original's table before it is in the log; a no-cache list waits for what is on its way.
      for (const url of [originalUrl, shinyUrl]) await getLatest(`${url}/api/things/?limit=1`, QUIET_WAIT_MS);
      const { partitions } = await updater.mastership();
      const busy = partitions.filter(
        ({ waiting, lag, switch: open }) => waiting > 0 || lag !== 0 || open !== undefined,
      );
      if (busy.length === 0) return;
      last = `partitions ${busy.map(({ partition }) => partition).join(', ')} have something to do`;
    } catch (error) {
      last = (error as Error).message;
    }
    if (performance.now() > deadline)
      throw new Error(`the playground did not get quiet within ${QUIET_WAIT_MS} ms: ${last}`);
  }
};

/** Hands over every record that is in the log now. Returns how many. */
export const readLog = async (
  log: EventLog,
  codec: RecordCodec,
  namespace: string,
  onRecord: (record: EvidenceRecord) => void,
  onProgress: (records: number) => void,
): Promise<number> => {
  let count = 0;
  for (const [name, suffix] of Object.entries(TOPICS) as [EvidenceTopic, TopicSuffix][]) {
    const topic = topicName(namespace, suffix);
    await readToEnds(log, {
      topic,
      ends: new Map((await log.endOffsets(topic)).entries()),
      stallMs: LOG_STALL_MS,
      onRecords: async (partition, records) => {
        const decoded = await readRecords(codec, suffix, records);
        for (const [index, { offset, timestamp, value }] of records.entries())
          onRecord({
            topic: name,
            partition,
            offset,
            timestamp,
            record: decoded[index] as EvidenceRecord['record'],
            bytes: isChained(name, decoded[index]!) ? codec.chainBytes(value) : value,
          });
        count += records.length;
        onProgress(count);
      },
    });
  }
  return count;
};

/** Both stores, as their APIs list them now. */
export const readStores = async ({ originalUrl, shinyUrl }: Addresses): Promise<StoreEvidence> => {
  const [original, shiny] = await Promise.all([listOf(originalUrl), listOf(shinyUrl)]);
  return { original, shiny };
};

const isChained = (topic: EvidenceTopic, { type }: PlaygroundRecord | UnreadableRecord): boolean =>
  topic === 'outcomes' && type !== 'unreadable';

const listOf = async (url: string): Promise<SeenThing[]> => {
  const response = await getLatest(`${url}/api/things/`, LIST_TIMEOUT_MS);
  return ((await response.json()) as (OriginalThing | ShinyThing)[]).map(seenThing);
};

const getLatest = async (url: string, timeoutMs: number): Promise<Response> => {
  const response = await fetch(url, {
    headers: { 'cache-control': 'no-cache' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response;
};
