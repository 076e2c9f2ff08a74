import { describeEventLog, type LogOperator } from './event-log.contract.ts';
import { createMemoryLog } from './memory-log.ts';

const open = async () => {
  const log = createMemoryLog();
  const operator: LogOperator = {
    deleteTopic: async (topic) => log.deleteTopic(topic),
    deleteRecords: async (topic, partition, offset) => log.deleteRecords(topic, partition, offset),
    appendTombstone: async (topic, partition, key) => log.appendTombstone(topic, partition, key),
    transaction: async () => {
      throw new Error('there are no transactions in memory');
    },
    close: async () => undefined,
  };
  return { log, operator };
};

describeEventLog('The log in memory', open, { hasTransactions: false });
