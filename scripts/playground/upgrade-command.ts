/** `playground upgrade`: which features are enabled. `playground upgrade enable`: enables one, once every process knows it. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { FeaturesShape } from '../../updater/feature-routes.ts';
import { withAddresses, type Addresses } from './config.ts';
import { EXIT, print, type ExitStatus } from './exit.ts';
import { table } from './table.ts';
import { createUpdaterClient } from './updater-client.ts';

interface UpgradeOptions extends Addresses {
  readonly json?: boolean;
}

/** Adds the command to `program`; `done` gets the exit status. */
export const addUpgradeCommand = (program: Command, done: (status: ExitStatus) => void): void => {
  const upgrade = withAddresses(program.command('upgrade'))
    .description('which features the updater knows, and where they are enabled')
    .action(async (options: UpgradeOptions) => {
      const features = await createUpdaterClient(options.updaterUrl).features();
      done(shown(features, options));
    });
  withAddresses(upgrade.command('enable'))
    .argument('<feature>', 'such as the name of a field')
    .description(
      'lets clients use a feature; every process that does not know it ends, and there is no way back',
    )
    .action(async (feature: string, _options: UpgradeOptions, command: Command) => {
      const options = command.optsWithGlobals<UpgradeOptions>();
      const features = await createUpdaterClient(options.updaterUrl).enable(feature, randomUUID());
      done(shown(features, options));
    });
};

const shown = (features: FeaturesShape, { json }: UpgradeOptions): ExitStatus => {
  if (json === true) {
    print(JSON.stringify(features));
    return EXIT.done;
  }
  const { known, partitions } = features;
  print(`the updater knows ${known.join(', ') || 'no feature'}`);
  const rows = partitions.map(({ partition, enabled }) => [partition, enabled.join(', ')]);
  for (const line of table(['partition', 'enabled'], rows)) print(line);
  return EXIT.done;
};
