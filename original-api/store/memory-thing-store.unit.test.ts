import { memoryThingStore } from './memory-thing-store.ts';
import { describeOriginalOutbox } from './outbox.contract.ts';
import { describeOriginalSwitch } from './mastership.contract.ts';
import { CONTRACT_PARTITIONS, describeOriginalThings } from './thing-store.contract.ts';

describeOriginalThings('memory', async (owner) => memoryThingStore(CONTRACT_PARTITIONS, owner));
describeOriginalSwitch('memory', async (owner) => memoryThingStore(CONTRACT_PARTITIONS, owner));
describeOriginalOutbox('memory', async (owner) => memoryThingStore(CONTRACT_PARTITIONS, owner));
