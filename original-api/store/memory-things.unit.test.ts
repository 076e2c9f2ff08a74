import { memoryThings } from './memory-things.ts';
import { describeOriginalOutbox } from './original-outbox.contract.ts';
import { describeOriginalSwitch } from './original-switch.contract.ts';
import { CONTRACT_PARTITIONS, describeOriginalThings } from './original-things.contract.ts';

describeOriginalThings('memory', async (owner) => memoryThings(CONTRACT_PARTITIONS, owner));
describeOriginalSwitch('memory', async (owner) => memoryThings(CONTRACT_PARTITIONS, owner));
describeOriginalOutbox('memory', async (owner) => memoryThings(CONTRACT_PARTITIONS, owner));
