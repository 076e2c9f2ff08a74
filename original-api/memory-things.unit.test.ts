import { memoryThings } from './memory-things.ts';
import { CONTRACT_PARTITIONS, describeOriginalThings } from './original-things.contract.ts';

describeOriginalThings('memory', async (owner) => memoryThings(CONTRACT_PARTITIONS, owner));
