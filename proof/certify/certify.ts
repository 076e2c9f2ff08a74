/** The certificate of a history: the checker, fed with the history, the log and both stores. */
import type { Certificate } from '../checker/certificate.ts';
import type { HistoryLine } from '../checker/history.ts';
import { createChecker } from '../checker/checker.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { openLog } from '../../shared/boot/open-log.ts';
import { scopedLifecycle } from '../../shared/process/scoped-lifecycle.ts';
import { readHistory } from '../load/history-file.ts';
import type { Addresses, PlaygroundLogSettings } from '../../scripts/client/config.ts';
import { readLog, readStores, untilQuiet } from './evidence-reader.ts';

export interface CertifyParts {
  /** Of the history. */
  readonly file: string;
  readonly addresses: Addresses;
  readonly settings: PlaygroundLogSettings;
  /** Nobody else ever wrote in the namespace; else what the history says. */
  readonly isComplete?: boolean;
  readonly report: (line: string) => void;
}

const REPORT_EVERY_RECORDS = 20_000;

/** Throws when the history, the log or a store cannot be read. */
export const certify = async ({
  file,
  addresses,
  settings,
  isComplete,
  report,
}: CertifyParts): Promise<Certificate> => {
  const lines: HistoryLine[] = [];
  const head = await readHistory(file, (line) => lines.push(line));
  report(`${lines.length} tries in ${file}`);
  const checker = createChecker({
    historyIsComplete: isComplete ?? head.isComplete,
    historyBeganOn: head.startedOn,
  });
  for (const line of lines) checker.operation(line);

  await untilQuiet(addresses);
  const { lifecycle, close } = scopedLifecycle();
  try {
    const { log, codec } = await openLog('playground', settings, lifecycle, silentLogger());
    let reported = 0;
    const records = await readLog(
      log,
      codec,
      head.namespace,
      (record) => checker.record(record),
      (count) => {
        if (count - reported < REPORT_EVERY_RECORDS) return;
        reported = count;
        report(`${count} records of the log …`);
      },
    );
    const stores = await readStores(addresses);
    report(`${records} records of the log, and both stores, read; judging`);
    return checker.finish(stores);
  } finally {
    await close();
  }
};
