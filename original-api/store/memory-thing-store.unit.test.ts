import { memoryThingStore } from './memory-thing-store.ts';
import { describeOriginalOutbox } from './outbox.contract.ts';
import { describeOriginalSwitch } from './mastership.contract.ts';
import { CONTRACT_PARTITIONS, describeThingStore } from './thing-store.contract.ts';

describeThingStore('memory', async (master) => memoryThingStore(CONTRACT_PARTITIONS, master));
describeOriginalSwitch('memory', async (master) => memoryThingStore(CONTRACT_PARTITIONS, master));
describeOriginalOutbox('memory', async (master) => memoryThingStore(CONTRACT_PARTITIONS, master));
