import { describeEventLog } from './event-log.contract.ts';
import { createMemoryLog } from './memory-log.ts';

describeEventLog('the memory log', async () => createMemoryLog());
