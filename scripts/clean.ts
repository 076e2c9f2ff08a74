/** `make clean`: wipes the local data, as far as it is ours and nobody uses it. Status 1 when something was refused. */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dataSettings } from '../shared/boot/common-settings.ts';
import { settingsOrExit } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';
import { cleanFolder } from './clean-folder.ts';
import { folderUsers } from './folder-users.ts';
import { stackSettings } from './stack/config.ts';
import { OUTSIDE_BINARIES, OUTSIDE_FOLDER, outsideOf } from './stack/outside-folder.ts';
import { print } from '../shared/process/print.ts';

const { STACK_DIR, DATA_DIR } = settingsOrExit({
  name: 'clean',
  purpose: 'wipes topics, schemas, databases and local stores of the local stack; .local/artifacts stays',
  version: VERSION,
  settings: { STACK_DIR: stackSettings.STACK_DIR, ...dataSettings },
});

const EXIT_REFUSED = 1;

const stack = cleanFolder(STACK_DIR, 'stack');
const outside = outsideOf(STACK_DIR);
// The database of a stack that stays, stays as well.
const results = [stack, ...(stack.refused || !existsSync(outside) ? [] : [cleanFolder(outside, 'outside')])];
results.push(cleanFolder(DATA_DIR, 'data'));
for (const line of results.flatMap(({ lines }) => lines)) print(line);

// The copy of Postgres' programs goes with the last stack that needed it.
const isLast =
  existsSync(OUTSIDE_FOLDER) &&
  !readdirSync(OUTSIDE_FOLDER).some((name) => name.startsWith('stack-')) &&
  folderUsers(OUTSIDE_BINARIES).length === 0;
if (isLast) {
  rmSync(OUTSIDE_BINARIES, { recursive: true, force: true });
  if (readdirSync(OUTSIDE_FOLDER).length === 0) rmdirSync(OUTSIDE_FOLDER);
}
if (results.some(({ refused }) => refused)) process.exitCode = EXIT_REFUSED;
