/**
 * Processes of an older release beside those of this one, and the record that ends them (docs/adding-a-field.md): a process that
 * does not know a feature goes on up to where it is enabled, and not behind it.
 */
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import { enableHash } from '../../shared/domain/command.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import { topicName } from '../../shared/records/topics.ts';
import type { Coverage } from './coverage.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Release = 'older' | 'this';

export interface UpgradeParts {
  readonly namespace: string;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly time: VirtualTime;
  readonly coverage: Coverage;
}

export interface Upgrade {
  /** The log for a process of this release; what an older one decides is kept. */
  logOf(release: Release): EventLog;
  enable(partition: number): Promise<void>;
  /** Of a run that is quiet: its folds, and the release of each process by its name. */
  violations(states: readonly PartitionState[], releases: ReadonlyMap<string, Release>): Promise<string[]>;
}

const FEATURE = 'colour';
export const FEATURES: Readonly<Record<Release, readonly string[]>> = { older: [], this: [FEATURE] };

export const createUpgrade = ({ namespace, log, codec, time, coverage }: UpgradeParts): Upgrade => {
  const commands = topicName(namespace, 'things.commands');
  const outcomes = topicName(namespace, 'things.outcomes');
  /** Offsets of commands, by partition. */
  const enabledAt = new Map<number, number>();
  const fromOlder: { readonly partition: number; readonly value: Buffer }[] = [];

  const decidedByOlder = async (): Promise<string[]> => {
    const records = await codec.decode(fromOlder.map(({ value }) => value));
    return records.flatMap((record, index) => {
      const { partition } = fromOlder[index]!;
      const isBehind = record.type === 'decided' && record.offset > (enabledAt.get(partition) ?? Infinity);
      return isBehind
        ? [`an updater of an older release decided commands/${partition} offset ${record.offset}`]
        : [];
    });
  };
  return {
    logOf: (release) =>
      release === 'this'
        ? log
        : {
            ...log,
            append: (topic, record) => {
              if (topic === outcomes) fromOlder.push(record);
              return log.append(topic, record);
            },
          },
    enable: async (partition) => {
      const commandId = `enable-${partition}`;
      const value = codec.encode({
        type: 'enable',
        commandId,
        requestedOn: time.now(),
        payloadHash: enableHash(FEATURE),
        feature: FEATURE,
      });
      const offset = await log.append(commands, { partition, key: commandId, value, timestamp: time.now() });
      enabledAt.set(partition, offset);
      coverage.saw('a feature was enabled');
    },
    violations: async (states, releases) => {
      const lacking = states.filter(
        ({ header }) => header.features.includes(FEATURE) !== enabledAt.has(header.partition),
      );
      const older = [...releases].filter(([, release]) => release === 'older');
      return [
        ...lacking.map(({ header }) => `the fold of partition ${header.partition} is wrong about ${FEATURE}`),
        ...(enabledAt.size === 0 ? [] : older).map(
          ([name]) => `${name} does not know ${FEATURE}, and goes on behind the record that enables it`,
        ),
        ...(await decidedByOlder()),
      ];
    },
  };
};
