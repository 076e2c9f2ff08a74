/** Where a create belongs (P1): Kafka's default partitioner, murmur2 over the bytes of the command id. */

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

export const createPartition = (commandId: string, partitions: number): number =>
  (keyHash(Buffer.from(commandId)) & 0x7fffffff) % partitions;

/** Kafka's murmur2, as a signed 32-bit integer. */
export const keyHash = (key: Buffer): number => {
  const tail = key.length % 4;
  const wordsEnd = key.length - tail;
  let sum = SEED ^ key.length;
  for (let at = 0; at < wordsEnd; at += 4) {
    const mixed = Math.imul(key.readInt32LE(at), MULTIPLIER);
    sum = Math.imul(sum, MULTIPLIER) ^ Math.imul(mixed ^ (mixed >>> 24), MULTIPLIER);
  }
  if (tail > 0) sum = Math.imul(sum ^ key.readUIntLE(wordsEnd, tail), MULTIPLIER);
  sum = Math.imul(sum ^ (sum >>> 13), MULTIPLIER);
  return sum ^ (sum >>> 15);
};
