/** The `playground` command: `npm run playground -- --help`. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../../shared/process/version.ts';
import { checkHistory, type CheckOptions } from './check-command.ts';
import { withAddresses } from './config.ts';
import { CommandFault, EXIT, printError, type ExitStatus } from './exit.ts';
import { runLoad, type LoadOptions } from './load-command.ts';
import { showMaster, switchMaster, type MasterOptions, type SwitchOptions } from './master-command.ts';
import { prove, type ProveOptions } from './prove-command.ts';

let status: ExitStatus = EXIT.done;

const program = new Command('playground')
  .description('steers a running playground, puts it under load, and judges what happened')
  .version(VERSION)
  .exitOverride();

const master = withAddresses(program.command('master'))
  .description('who owns which partition')
  .action(async (options: MasterOptions) => {
    status = await showMaster(options);
  });
withAddresses(master.command('switch'))
  .description('moves the mastership; exit status 0 done, 1 refused, 2 usage, 3 not known')
  .requiredOption('--to <master>', 'shiny or original')
  .option('--partitions <list>', 'such as 0,3-5; all that have another master, if not given')
  .option('--dry-run', 'check everything, forecast the pause, change nothing')
  .option('--allow-loss', 'round what Original cannot hold')
  .option('--deadline <duration>', 'not past its point of no return by then, it is refused', '2s')
  .option('--id <id>', 'of the switch; the same id again gets the result of the first')
  .option('--yes', 'do not ask')
  .action(async (_options: SwitchOptions, command: Command) => {
    status = await switchMaster(command.optsWithGlobals<SwitchOptions>());
  });
withAddresses(program.command('load'))
  .description('clients of both APIs at a fixed rate')
  .option('--rate <number>', 'operations per second', '200')
  .option('--clients <number>', 'operations that may be under way at once', '16')
  .option('--things <number>', 'how many Things are worked on', '500')
  .option('--for <duration>', 'how long', '60s')
  .option('--via <apis>', 'original, shiny or both', 'both')
  .option('--record <file>', 'write a history, for check')
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
  .option('--switches <number>', 'how many', '50')
  .option('--rate <number>', 'operations per second', '200')
  .option('--clients <number>', 'operations that may be under way at once', '64')
  .option('--things <number>', 'how many Things are worked on', '500')
  .option('--warm-up <duration>', 'load before the first switch; judged, but not timed', '10s')
  .option(
    '--faults',
    'on a playground of its own, whose parts are killed, stopped and cut off meanwhile; takes --switches and --rate',
  )
  .option('--keep <file>', 'keep the history here')
  .action(async (options: ProveOptions) => {
    status = await prove(options);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) status = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  else if (error instanceof CommandFault) {
    printError(`playground: ${error.message}`);
    status = error.status;
  } else {
    printError(`playground: ${(error as Error).message}`);
    status = EXIT.notKnown;
  }
}
process.exitCode = status;
