/**
 * The bytes of a Metadata request (version 12, Kafka 3.1) about one topic, and the topic's id in the answer. kafkajs knows
 * version 6, which has no ids.
 */
export const METADATA_API = 3;
export const METADATA_VERSION = 12;

const UUID_BYTES = 16;
const NO_TAGS = 0;
const FALSE = 0;

/** What stands behind the client's name: the end of the header, and the request. */
export const encodeTopicIdRequest = (topic: string): Buffer => {
  const name = Buffer.from(topic);
  return Buffer.concat([
    Buffer.from([NO_TAGS]),
    // One topic, asked for by its name, and so with an id of zeros.
    varint(1 + 1),
    Buffer.alloc(UUID_BYTES),
    varint(name.length + 1),
    name,
    // Tags of the topic; no automatic creation; no authorized operations; tags of the request.
    Buffer.from([NO_TAGS, FALSE, FALSE, NO_TAGS]),
  ]);
};

export interface TopicIdAnswer {
  readonly errorCode: number;
  /** In the form of a UUID. */
  readonly id: string;
}

/** `raw`: what stands behind the correlation id. */
export const decodeTopicIdAnswer = (raw: Buffer): TopicIdAnswer => {
  const read = reader(raw);
  read.tags();
  // Throttle time.
  read.skip(4);
  for (let brokers = read.count(); brokers > 0; brokers--) {
    read.skip(4);
    read.text();
    read.skip(4);
    read.text();
    read.tags();
  }
  // The cluster and its controller.
  read.text();
  read.skip(4);
  if (read.count() !== 1) throw new Error('the broker answers about another number of topics');
  const errorCode = read.int16();
  read.text();
  return { errorCode, id: uuid(read.bytes(UUID_BYTES)) };
};

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
};

const reader = (raw: Buffer) => {
  let at = 0;
  const unsigned = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = raw.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    at += length;
    if (at > raw.length) throw new Error('the answer of the broker is cut off');
    return raw.subarray(at - length, at);
  };
  return {
    bytes,
    skip: (length: number): void => void bytes(length),
    int16: () => bytes(2).readInt16BE(),
    /** Lengths are stored plus one; zero is null. */
    count: () => unsigned() - 1,
    text: (): void => void bytes(Math.max(0, unsigned() - 1)),
    tags: (): void => {
      for (let tags = unsigned(); tags > 0; tags--) {
        unsigned();
        bytes(unsigned());
      }
    },
  };
};

const uuid = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
