/** `playground upgrade`: which features are enabled. `playground upgrade enable`: enables one, once every process knows it. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { FeaturesJson } from '../../shared/contracts/features.ts';
import { withAddresses, type Addresses } from '../client/config.ts';
import { CommandFault, EXIT, type ExitStatus } from '../client/exit.ts';
import { print } from '../../shared/process/print.ts';
import { confirmed } from './master-command.ts';
import { table } from '../../shared/process/text-table.ts';
import { createUpdaterClient } from '../client/updater-client.ts';

interface UpgradeOptions extends Addresses {
  readonly json?: boolean;
  readonly yes?: boolean;
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
    .option('--yes', 'do not ask')
    .action(async (feature: string, _options: UpgradeOptions, command: Command) => {
      const options = command.optsWithGlobals<UpgradeOptions>();
      await checkKnownByAll(feature, options);
      const question = `enable ${feature}? Every process that does not know it ends, and there is no way back`;
      if (options.yes !== true && !(await confirmed(question, '--yes'))) return done(EXIT.refused);
      const features = await createUpdaterClient(options.updaterUrl).enable(feature, randomUUID());
      done(shown(features, options));
    });
};

const ANSWER_MAX_MS = 5_000;

/** Throws CommandFault when one of the services does not know the feature, or does not say. There may be more of each. */
const checkKnownByAll = async (feature: string, addresses: Addresses): Promise<void> => {
  const services = [
    ['Original', addresses.originalUrl],
    ['Shiny', addresses.shinyUrl],
    ['the updater', addresses.updaterUrl],
  ] as const;
  for (const [name, url] of services) {
    const known = await knownFeatures(url);
    if (known === undefined)
      throw new CommandFault(EXIT.notKnown, `${name} at ${url} does not say which features it knows`);
    if (!known.includes(feature))
      throw new CommandFault(
        EXIT.refused,
        `${name} at ${url} does not know the feature ${feature} (it knows ${known.join(', ') || 'none'}): update all services first`,
      );
  }
};

const knownFeatures = async (url: string): Promise<readonly string[] | undefined> => {
  try {
    const response = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(ANSWER_MAX_MS) });
    return ((await response.json()) as { features?: readonly string[] }).features;
  } catch {
    return undefined;
  }
};

const shown = (features: FeaturesJson, { json }: UpgradeOptions): ExitStatus => {
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
