/** Both stores, once quiet, against the last states of the log: equal after the mapping, and exactly so under Original. */
import type { Api, Thing } from '../../shared/domain/thing.ts';
import type { Evidence } from './certificate.ts';
import { fooInOriginal } from './content.ts';
import type { StoreEvidence } from './evidence.ts';
import type { SeenThing } from './history.ts';
import type { Ledger } from './ledger.ts';
import type { Report } from './violations.ts';

export const checkStores = (ledger: Ledger, stores: StoreEvidence, report: Report): void => {
  const shown = { original: new Map<number, SeenThing>(), shiny: new Map<number, SeenThing>() };
  const masters = ['original', 'shiny'] as const;
  for (const store of masters) {
    for (const thing of stores[store]) {
      if (shown[store].has(thing.id)) {
        report('unequalThings', `the store of ${store} lists Thing ${thing.id} twice`, [{ store, thing }]);
      }
      shown[store].set(thing.id, thing);
    }
  }
  const compare = (id: number, last: Thing | undefined): void => {
    const wanted = last === undefined || last.deleted ? undefined : last;
    const differing = masters.filter((store) => !isShown(store, wanted, shown[store].get(id)));
    for (const store of masters) shown[store].delete(id);
    if (differing.length > 0) reportDifference(id, differing);
  };
  const reportDifference = (id: number, differing: readonly Api[]): void => {
    const rows = differing.map((store): Evidence => ({ store, thing: found[store].get(id) ?? null }));
    const record = ledger.things
      .get(id)
      ?.states.toSorted((a, b) => a.record.state!.version - b.record.state!.version)
      .at(-1);
    const message = `Thing ${id} of ${differing.join(' and ')} is not what the log has last`;
    report('unequalThings', message, record === undefined ? rows : [record, ...rows]);
  };
  const found = { original: new Map(shown.original), shiny: new Map(shown.shiny) };
  for (const { last } of ledger.partitions.values()) for (const [id, thing] of last) compare(id, thing);
  for (const store of masters) for (const id of shown[store].keys()) compare(id, undefined);
};

/** What Original's API shows of a lossy Thing is the integer; under Original the log itself has that. */
const isShown = (store: Api, wanted: Thing | undefined, shown: SeenThing | undefined): boolean => {
  if (wanted === undefined || shown === undefined) return wanted === undefined && shown === undefined;
  return (
    shown.foo === (store === 'original' ? fooInOriginal(wanted.foo) : wanted.foo) &&
    shown.name === wanted.name &&
    shown.version === wanted.version &&
    shown.createdOn === wanted.createdOn &&
    shown.updatedOn === wanted.updatedOn
  );
};
