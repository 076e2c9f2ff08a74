/** Sends records to Kafka through @platformatic/kafka, one request at a time. */
import {
  ProduceAcks,
  ResponseError,
  type ClusterMetadata,
  type MessageToProduce,
  type Producer,
} from '@platformatic/kafka';
import { answeredWith, type Produced } from '../append-sender.ts';
import type { AppendRecord } from '../event-log.ts';
import { answerInTime } from '../kafka-limit.ts';
import { closeClient } from './client.ts';
import type { Producing } from '../topic-appends.ts';

/**
 * A producer that is thrown away after any error but a refusal. Not idempotent: a sequence that survives errors and new
 * producers costs more than duplicates, which the fold ignores.
 */
export const platformaticProducing = (create: () => Producer): Producing => {
  let current: Producer | undefined;

  const close = async (): Promise<void> => {
    const producer = current;
    current = undefined;
    if (producer !== undefined) await closeClient(producer);
  };
  const notStored = (records: readonly AppendRecord[], error: Error): Produced[] => {
    close().catch(() => undefined);
    return records.map(() => ({ fate: 'not-stored', error }));
  };

  return {
    produce: async (topic, records) => {
      const producer = (current ??= create());
      try {
        const leaders = producer.metadata({ topics: [topic] });
        checkPartitions(topic, records, await answerInTime(`the leaders of ${topic}`, leaders));
      } catch (error) {
        return notStored(records, error as Error);
      }
      try {
        const sending = producer.send({ acks: ProduceAcks.ALL, messages: messagesOf(topic, records) });
        const { offsets } = await answerInTime(`appending to ${topic}`, sending);
        return producedOf(topic, records, answersIn(offsets ?? []), undefined);
      } catch (error) {
        const produced = producedOf(topic, records, answersOf(error as SendError), error as Error);
        if (!produced.every(({ fate }) => fate === 'refused')) close().catch(() => undefined);
        return produced;
      }
    },
    close,
  };
};

const messagesOf = (topic: string, records: readonly AppendRecord[]): MessageToProduce[] =>
  records.map(({ partition, key, value, timestamp }) => ({
    topic,
    partition,
    key: Buffer.from(key),
    value,
    timestamp: BigInt(timestamp),
  }));

/** The client takes the partition modulo their number. */
const checkPartitions = (
  topic: string,
  records: readonly AppendRecord[],
  { topics }: ClusterMetadata,
): void => {
  const count = topics.get(topic)?.partitionsCount ?? 0;
  for (const { partition } of records) {
    if (partition >= count) throw new Error(`there is no partition ${partition} of the topic ${topic}`);
  }
};

/** What a broker answered for one partition. */
interface Answer {
  readonly errorCode: number;
  readonly reason: string | null;
  /** Of the first record. */
  readonly offset: number;
}
type Answers = Map<number, Answer>;

type Offsets = readonly { readonly partition: number; readonly offset: bigint }[];
type SendError = Error & { produced?: { offsets?: Offsets } };
interface PartitionResponse {
  readonly index: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly baseOffset: bigint;
}

const answersIn = (offsets: Offsets): Answers =>
  new Map(
    offsets.map(({ partition, offset }) => [
      partition,
      { errorCode: 0, reason: null, offset: Number(offset) },
    ]),
  );

/** Of the brokers that took all, and of those that refused something. */
const answersOf = (error: SendError): Answers => {
  const answers = answersIn(error.produced?.offsets ?? []);
  for (const leaf of leavesOf(error)) {
    if (!(leaf instanceof ResponseError)) continue;
    // The answer to a request other than produce says nothing about records.
    const { responses = [] } = leaf['response'] as {
      responses?: readonly { partitionResponses: readonly PartitionResponse[] }[];
    };
    for (const { partitionResponses } of responses)
      for (const { index, errorCode, errorMessage, baseOffset } of partitionResponses)
        answers.set(index, { errorCode, reason: errorMessage, offset: Number(baseOffset) });
  }
  return answers;
};

const leavesOf = (error: Error): Error[] =>
  error instanceof AggregateError && !(error instanceof ResponseError)
    ? (error.errors as Error[]).flatMap(leavesOf)
    : [error];

/** The connection did not come about, so nothing went over it. */
const isConnectFailure = (error: Error): boolean => {
  for (let cause: unknown = error; cause instanceof Error; { cause } = cause) {
    if ('syscall' in cause && (cause.syscall === 'connect' || cause.syscall === 'getaddrinfo')) return true;
  }
  return false;
};

const producedOf = (
  topic: string,
  records: readonly AppendRecord[],
  answers: Answers,
  fault: Error | undefined,
): Produced[] => {
  // With several brokers an error does not name its partitions, so every error must be a connect failure.
  const unanswered: Produced = {
    fate: fault !== undefined && leavesOf(fault).every(isConnectFailure) ? 'not-stored' : 'unsure',
    error: fault ?? new Error(`the broker did not answer for ${topic}`),
  };
  const counts = new Map<number, number>();
  return records.map(({ partition }): Produced => {
    const answer = answers.get(partition);
    if (answer === undefined) return unanswered;
    if (answer.errorCode !== 0) return answeredWith(answer.errorCode, topic, partition, answer.reason);
    const before = counts.get(partition) ?? 0;
    counts.set(partition, before + 1);
    return { fate: 'stored', offset: answer.offset + before };
  });
};
