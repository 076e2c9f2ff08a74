/** The folder of the local stack: ours alone, or empty. */
import { StartError } from '../../shared/process/lifecycle.ts';
import { takeFolder, type FolderMark } from '../../shared/process/own-folder.ts';

/** Throws StartError when there is something in it that is not ours. */
export const takeStackFolder = (folder: string): FolderMark => {
  const mark = takeFolder(folder, 'stack');
  if (mark !== undefined) return mark;
  throw new StartError(
    `the stack folder ${folder} is not empty, and not marked as ours: it is of an earlier release, or somebody else's. ` +
      'Remove it, or choose another with STACK_DIR=…',
  );
};
