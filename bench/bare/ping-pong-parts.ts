/** The same for each client library. */
export interface PingPongParts {
  readonly brokers: readonly string[];
  readonly partitions: number;
  /** Done by the one in the middle, before it answers. */
  readonly between?: () => Promise<unknown>;
}

export interface PingPong {
  /** Produces, and resolves when the answer was consumed. */
  roundTrip(partition: number, value: Buffer): Promise<void>;
  close(): Promise<void>;
}
