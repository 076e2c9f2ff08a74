/** Ids of Things that are not deleted, so that a list passes over no others however many there are. */
import { setImmediate } from 'node:timers/promises';
import { shinyJson } from '../shared/domain/shiny-json.ts';
import { createSortedIds } from '../shared/process/sorted-ids.ts';
import type { FoldStore } from '../shared/replica/fold-store.ts';

/** Things that are read at once while the ids are collected at start. */
const START_SCAN_THINGS = 5_000;

export interface LivingThings {
  /** Up to `limit` Things with an id above `after`, in id order, as JSON; fewer only at the end. */
  rows(after: number, limit: number): { id: number; json: string }[];
  /** To be called when the Thing may have changed in the store. */
  changed(id: number): void;
}

export const readLivingThings = async (store: FoldStore): Promise<LivingThings> => {
  const ids = createSortedIds();
  let scanned = 0;
  for (let from: number | undefined = 0; from !== undefined;) {
    const start: number = from;
    from = undefined;
    scanned = 0;
    for (const { id, deleted } of store.thingsAfter(start)) {
      if (!deleted) ids.add(id);
      scanned++;
      if (scanned < START_SCAN_THINGS) continue;
      from = id;
      break;
    }
    if (from !== undefined) await setImmediate();
  }
  return {
    rows: (after, limit) => {
      const found: { id: number; json: string }[] = [];
      for (const id of ids.above(after)) {
        const thing = store.thing(id);
        if (thing === undefined || thing.deleted) continue;
        found.push({ id, json: shinyJson(thing) });
        if (found.length >= limit) break;
      }
      return found;
    },
    changed: (id) => {
      const thing = store.thing(id);
      if (thing === undefined || thing.deleted) ids.delete(id);
      else ids.add(id);
    },
  };
};
