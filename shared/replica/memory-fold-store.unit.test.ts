import { describeFoldStore } from './fold-store.contract.ts';
import { createMemoryFoldStore } from './memory-fold-store.ts';

describeFoldStore('memory fold store', async () => createMemoryFoldStore(4));
