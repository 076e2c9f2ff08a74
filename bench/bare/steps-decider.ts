/** Bare: what is consumed from one topic is produced to the other. Arguments: brokers, topics. */
import { openStepsLog, type StepsLog } from './steps-log.ts';

const [brokers, commands, outcomes] = process.argv.slice(2) as [string, string, string];
const log: StepsLog = await openStepsLog(brokers, outcomes, commands, (partition, key, value) =>
  log.produce({ partition, key, value }),
);
process.send!('ready');
