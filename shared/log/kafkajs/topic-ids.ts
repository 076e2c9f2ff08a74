/** Kafka's ids of topics, through the connections of kafkajs, by a request that it does not have itself. */
import type { Kafka } from 'kafkajs';
import { brokerError } from '../kafka-errors.ts';
import { retryFor } from '../kafka-limit.ts';
import { CONNECT_PATIENCE_MS } from '../kafka-timeouts.ts';
import { renewable } from './renewable.ts';
import {
  decodeTopicIdAnswer,
  encodeTopicIdRequest,
  METADATA_API,
  METADATA_VERSION,
  type TopicIdAnswer,
} from '../topic-id-request.ts';

export interface TopicIds {
  /** Undefined when there is no such topic. */
  of(topic: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** What we use of the client's inside. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  readonly brokerPool: { readonly seedBroker: Broker };
}
interface Broker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>;
  readonly connectionPool: { send(question: Question): Promise<TopicIdAnswer> };
}
interface Question {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    decode(raw: Buffer): Promise<TopicIdAnswer>;
    parse(answer: TopicIdAnswer): Promise<TopicIdAnswer>;
  };
}

export const kafkajsTopicIds = (kafka: Kafka): TopicIds => {
  const clusters = renewable(() => createCluster(kafka));
  return {
    of: (topic) =>
      retryFor(CONNECT_PATIENCE_MS, () =>
        clusters.ask(`the id of ${topic}`, ({ brokerPool }) => idOf(brokerPool.seedBroker, topic)),
      ),
    close: clusters.close,
  };
};

const idOf = async ({ versions, connectionPool }: Broker, topic: string): Promise<string | undefined> => {
  const newest = versions[METADATA_API]?.maxVersion ?? 0;
  if (newest < METADATA_VERSION) throw new Error('the broker does not tell the ids of topics: it is too old');
  const buffer = encodeTopicIdRequest(topic);
  const { errorCode, id } = await connectionPool.send({
    request: {
      apiKey: METADATA_API,
      apiVersion: METADATA_VERSION,
      apiName: 'Metadata',
      encode: async () => ({ buf: buffer, buffer }),
    },
    response: { decode: async (raw) => decodeTopicIdAnswer(raw), parse: async (answer) => answer },
  });
  const { name, kind } = brokerError(errorCode);
  if (name === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
  // A topic whose leaders are being elected has its id already.
  if (errorCode !== 0 && kind !== 'retry') throw new Error(`the broker answers ${name} for ${topic}`);
  return id;
};

const createCluster = (kafka: Kafka): Cluster => {
  const found = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (found === undefined) throw new Error('this kafkajs keeps its connections elsewhere');
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[found]!;
  return create({ allowAutoTopicCreation: false });
};
