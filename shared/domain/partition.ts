/**
 * Where things live. A Thing lives in partition `id mod P`; a create lies, and its Thing is born, in the partition
 * that Kafka's default partitioner gives for its command id (P1), so a retry of a create always comes to the same place.
 */

/** The partition of a Thing, 0 to `partitions` - 1. */
export const partitionOfThing = (thingId: number, partitions: number): number => thingId % partitions;

/** The partition of a create: Kafka's default partitioner over its command id. */
export const partitionOfCreate = (commandId: string, partitions: number): number =>
  (murmur2(Buffer.from(commandId)) & 0x7fffffff) % partitions;

/** The smallest id of `partition` above `floor`; ids of partition p are p, p + P, p + 2P, … and none is 0. */
export const nextThingId = (partition: number, partitions: number, floor: number): number => {
  const first = partition === 0 ? partitions : partition;
  if (floor < first) return first;
  return floor - ((floor - partition) % partitions) + partitions;
};

/** The 32-bit hash of Kafka's default partitioner: org.apache.kafka.common.utils.Utils.murmur2. */
export const murmur2 = (data: Uint8Array): number => {
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const whole = data.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = data.length - whole;
  if (rest > 2) h ^= data[whole + 2]! << 16;
  if (rest > 1) h ^= data[whole + 1]! << 8;
  if (rest > 0) h = Math.imul(h ^ data[whole]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
};
