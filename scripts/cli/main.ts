/** The `playground` command: `./playground --help`. */
import { Command, CommanderError, Option } from 'commander';
import { VERSION } from '../../shared/process/version.ts';
import { checkHistory, type CheckOptions } from './check-command.ts';
import { withAddresses } from '../client/config.ts';
import { CommandFault, EXIT, type ExitStatus } from '../client/exit.ts';
import { print, printError } from '../../shared/process/print.ts';
import { runLoad, type LoadOptions } from './load-command.ts';
import { showMaster, switchMaster, type MasterOptions, type SwitchOptions } from './master-command.ts';
import {
  apiNames,
  durationMs,
  masterName,
  partitionList,
  positiveCount,
  positiveNumber,
  writableFile,
} from '../client/option-parsers.ts';
import { prove, type ProveOptions } from './prove-command.ts';
import { repairMaster, type RepairOptions } from './repair-command.ts';
import { addUpgradeCommand } from './upgrade-command.ts';

let status: ExitStatus = EXIT.done;

const program = new Command('playground')
  .description('steers a running playground, puts it under load, and judges what happened')
  .version(VERSION)
  .exitOverride();

const master = withAddresses(program.command('master'))
  .description('who is master of which partition')
  .action(async (options: MasterOptions) => {
    status = await showMaster(options);
  });
withAddresses(master.command('switch'))
  .description('moves the mastership; exit status 0 done, 1 refused, 2 usage, 3 not known')
  .requiredOption('--to <master>', 'shiny or original', masterName)
  .option('--partitions <list>', 'such as 0,3-5; all that have another master, if not given', partitionList)
  .option('--dry-run', 'check everything, forecast the pause, change nothing')
  .option('--allow-loss', 'round what Original cannot hold')
  .addOption(
    new Option('--deadline <duration>', 'not past its point of no return by then, it is refused')
      .argParser(durationMs)
      .default(2_000, '2s'),
  )
  .option('--id <id>', 'of the switch; the same id again gets the result of the first')
  .option('--yes', 'do not ask')
  .action(async (_options: SwitchOptions, command: Command) => {
    status = await switchMaster(command.optsWithGlobals<SwitchOptions>());
  });
withAddresses(master.command('repair'))
  .description(
    "makes partitions of Original's database one with the log again, after showing what it would do; Original must be stopped",
  )
  .requiredOption('--partitions <list>', 'such as 0,3-5', partitionList)
  .option('--dry-run', 'show it, change nothing; exit status 1 when there is something to do')
  .option('--yes', 'do not ask')
  .action(async (_options: RepairOptions, command: Command) => {
    status = await repairMaster(command.optsWithGlobals<RepairOptions>());
  });
withAddresses(program.command('load'))
  .description('clients of both APIs at a fixed rate')
  .addOption(
    new Option('--rate <number>', 'operations per second').argParser(positiveNumber).default(200, '200'),
  )
  .addOption(
    new Option('--clients <number>', 'operations that may be under way at once')
      .argParser(positiveCount)
      .default(16, '16'),
  )
  .addOption(
    new Option('--things <number>', 'how many Things are worked on')
      .argParser(positiveCount)
      .default(500, '500'),
  )
  .addOption(new Option('--for <duration>', 'how long').argParser(durationMs).default(60_000, '60s'))
  .addOption(
    new Option('--via <apis>', 'original, shiny or both')
      .argParser(apiNames)
      .default(['original', 'shiny'], 'both'),
  )
  .option('--record <file>', 'write a history, for check', writableFile)
  .action(async (options: LoadOptions) => {
    status = await runLoad(options);
  });
withAddresses(program.command('check'))
  .argument('<file>', 'a history that load has written')
  .description('judges a history together with the log and both stores')
  .option('--complete', 'nobody else ever wrote in this namespace')
  .action(async (file: string, options: CheckOptions) => {
    status = await checkHistory(file, options);
  });
withAddresses(program.command('prove'))
  .description('load, switches to and fro, and the certificate')
  .addOption(new Option('--switches <number>', 'how many').argParser(positiveCount).default(50, '50'))
  .addOption(
    new Option('--rate <number>', 'operations per second').argParser(positiveNumber).default(200, '200'),
  )
  .addOption(
    new Option('--clients <number>', 'operations that may be under way at once')
      .argParser(positiveCount)
      .default(64, '64'),
  )
  .addOption(
    new Option('--things <number>', 'how many Things are worked on')
      .argParser(positiveCount)
      .default(500, '500'),
  )
  .addOption(
    new Option('--warm-up <duration>', 'load before the first switch; judged, but not timed')
      .argParser(durationMs)
      .default(10_000, '10s'),
  )
  .option(
    '--faults',
    'on a playground of its own, whose parts are killed, stopped and cut off meanwhile; takes --switches and --rate',
  )
  .option('--keep <file>', 'keep the history here', writableFile)
  .action(async (options: ProveOptions) => {
    status = await prove(options);
  });

addUpgradeCommand(program, (done) => void (status = done));

/** With --json, what went wrong is JSON as well, on standard output. */
const isJson = process.argv.includes('--json');

const fail = (message: string, failed: ExitStatus): void => {
  status = failed;
  if (isJson) print(JSON.stringify({ 'error-message': message, 'exit-status': failed }));
  else printError(`playground: ${message}`);
};

const silence = (command: Command): void => {
  if (isJson) command.configureOutput({ writeErr: () => undefined });
  for (const one of command.commands) silence(one);
};
silence(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) status = EXIT.done;
  else if (error instanceof CommanderError) {
    status = EXIT.usage;
    const isHelp = error.code === 'commander.help';
    if (isJson) fail(isHelp ? 'a command is missing' : error.message.replace(/^error: /, ''), EXIT.usage);
  } else fail((error as Error).message, error instanceof CommandFault ? error.status : EXIT.notKnown);
}
process.exitCode = status;
