/**
 * What a broker's error code means for whoever asked: one table for both clients, for answers to produce, fetch, offset and
 * metadata requests.
 *
 * - `retry`: it passes. Of a produce answer: the record is not stored.
 * - `unsure`: it passes, but the record may be stored.
 * - `definite`: the same request would be refused again, and nothing is stored.
 * - `fatal`: no request of this client will succeed; nothing is stored.
 *
 * A code that the table does not know is `unsure`: newer brokers have newer codes.
 */
export type ErrorKind = 'retry' | 'unsure' | 'definite' | 'fatal';

export interface BrokerError {
  readonly name: string;
  readonly kind: ErrorKind;
}

const ERRORS: ReadonlyMap<number, BrokerError> = new Map(
  (
    [
      [-1, 'UNKNOWN_SERVER_ERROR', 'unsure'],
      [1, 'OFFSET_OUT_OF_RANGE', 'definite'],
      // Damaged on its way: the record itself may be sound.
      [2, 'CORRUPT_MESSAGE', 'retry'],
      [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'retry'],
      [4, 'INVALID_FETCH_SIZE', 'definite'],
      [5, 'LEADER_NOT_AVAILABLE', 'retry'],
      [6, 'NOT_LEADER_OR_FOLLOWER', 'retry'],
      // The leader has it, the other replicas did not confirm it in time.
      [7, 'REQUEST_TIMED_OUT', 'unsure'],
      [8, 'BROKER_NOT_AVAILABLE', 'retry'],
      [9, 'REPLICA_NOT_AVAILABLE', 'retry'],
      [10, 'MESSAGE_TOO_LARGE', 'definite'],
      [13, 'NETWORK_EXCEPTION', 'unsure'],
      [17, 'INVALID_TOPIC_EXCEPTION', 'definite'],
      [18, 'RECORD_LIST_TOO_LARGE', 'definite'],
      [19, 'NOT_ENOUGH_REPLICAS', 'retry'],
      [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'unsure'],
      [21, 'INVALID_REQUIRED_ACKS', 'definite'],
      [29, 'TOPIC_AUTHORIZATION_FAILED', 'definite'],
      [31, 'CLUSTER_AUTHORIZATION_FAILED', 'definite'],
      [32, 'INVALID_TIMESTAMP', 'definite'],
      [33, 'UNSUPPORTED_SASL_MECHANISM', 'fatal'],
      [34, 'ILLEGAL_SASL_STATE', 'fatal'],
      [35, 'UNSUPPORTED_VERSION', 'fatal'],
      [36, 'TOPIC_ALREADY_EXISTS', 'definite'],
      [37, 'INVALID_PARTITIONS', 'definite'],
      [38, 'INVALID_REPLICATION_FACTOR', 'definite'],
      [40, 'INVALID_CONFIG', 'definite'],
      [41, 'NOT_CONTROLLER', 'retry'],
      [42, 'INVALID_REQUEST', 'definite'],
      [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT', 'definite'],
      [44, 'POLICY_VIOLATION', 'definite'],
      // Only idempotent and transactional producers get these. We have none, so no broker of ours answers this.
      [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'unsure'],
      [46, 'DUPLICATE_SEQUENCE_NUMBER', 'unsure'],
      [47, 'INVALID_PRODUCER_EPOCH', 'unsure'],
      [54, 'SECURITY_DISABLED', 'fatal'],
      // A disk failed while it was written to.
      [56, 'KAFKA_STORAGE_ERROR', 'unsure'],
      [58, 'SASL_AUTHENTICATION_FAILED', 'fatal'],
      [70, 'FETCH_SESSION_ID_NOT_FOUND', 'retry'],
      [71, 'INVALID_FETCH_SESSION_EPOCH', 'retry'],
      [72, 'LISTENER_NOT_FOUND', 'retry'],
      [74, 'FENCED_LEADER_EPOCH', 'retry'],
      [75, 'UNKNOWN_LEADER_EPOCH', 'retry'],
      [76, 'UNSUPPORTED_COMPRESSION_TYPE', 'definite'],
      [78, 'OFFSET_NOT_AVAILABLE', 'retry'],
      [87, 'INVALID_RECORD', 'definite'],
      [89, 'THROTTLING_QUOTA_EXCEEDED', 'retry'],
      [100, 'UNKNOWN_TOPIC_ID', 'retry'],
      [103, 'INCONSISTENT_TOPIC_ID', 'retry'],
      [106, 'FETCH_SESSION_TOPIC_ID_ERROR', 'retry'],
      [109, 'OFFSET_MOVED_TO_TIERED_STORAGE', 'definite'],
    ] as const
  ).map(([code, name, kind]) => [code, { name, kind }]),
);

export const brokerError = (code: number): BrokerError =>
  ERRORS.get(code) ?? { name: `ERROR_${code}`, kind: 'unsure' };

/** A broker refuses a whole batch for one record of it; which one is found by halving. */
export const isFaultOfOneRecord = ({ name }: BrokerError): boolean => OF_ONE_RECORD.has(name);

const OF_ONE_RECORD: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
]);
