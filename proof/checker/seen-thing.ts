/** A Thing as either API shows it -> as the history has it. */
import type { OriginalThing, ShinyThing } from '../../shared/domain/mapping.ts';
import type { SeenThing } from './history.ts';

export const seenThing = (shown: OriginalThing | ShinyThing): SeenThing => ({
  id: Number(shown.id),
  name: shown.name,
  foo: shown.foo,
  version: Number(shown.version),
  createdOn: Date.parse(shown.created_on),
  updatedOn: Date.parse(shown.updated_on),
});
