/** The next release of this tree, in a temporary folder: the edits of docs/adding-a-field.md applied to a copy. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const THIS_RELEASE = fileURLToPath(new URL('..', import.meta.url));
const CODE = ['proof', 'original-api', 'scripts', 'shared', 'shiny-api', 'updater', 'package.json'];

interface Edit {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

export const makeNextRelease = (folder: string): void => {
  for (const each of CODE) cpSync(join(THIS_RELEASE, each), join(folder, each), { recursive: true });
  symlinkSync(join(THIS_RELEASE, 'node_modules'), join(folder, 'node_modules'));
  const page = readFileSync(join(THIS_RELEASE, 'docs/adding-a-field.md'), 'utf8');
  for (const edit of editsOf(page)) apply(folder, edit);
};

/** Blocks of the kind ```diff that begin with `--- file`: lines as they are, without `-`, and without `+`. */
const editsOf = (page: string): Edit[] =>
  [...page.matchAll(/```diff\n--- ([^\n]*)\n(.*?)```/gs)].map(([, file, lines]) => ({
    file: file!,
    before: side(lines!, '+'),
    after: side(lines!, '-'),
  }));

const side = (lines: string, without: '+' | '-'): string =>
  lines
    .split('\n')
    .filter((line) => !line.startsWith(without))
    .map((line) => line.slice(1))
    .join('\n');

const apply = (folder: string, { file, before, after }: Edit): void => {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const found = text.split(before).length - 1;
  if (found !== 1)
    throw new Error(`docs/adding-a-field.md: ${file} has ${found} places for the edit\n${before}`);
  writeFileSync(
    path,
    text.replace(before, () => after),
  );
};
