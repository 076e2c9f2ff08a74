/** `playground check FILE`: judges a history. */
import { certificateText, type Certificate } from '../../proof/checker/certificate.ts';
import { certify } from '../../proof/certify/certify.ts';
import { playgroundLogSettings, type Addresses } from '../client/config.ts';
import { CommandFault, EXIT, type ExitStatus } from '../client/exit.ts';
import { print, printError } from '../../shared/process/print.ts';

export interface CheckOptions extends Addresses {
  readonly complete?: boolean;
  readonly json?: boolean;
}

export const checkHistory = async (file: string, options: CheckOptions): Promise<ExitStatus> => {
  const settings = playgroundLogSettings();
  const certificate = await certify({
    file,
    addresses: options,
    settings,
    ...(options.complete === true ? { isComplete: true } : {}),
    report: process.stderr.isTTY ? printError : () => undefined,
  }).catch((error: unknown) => {
    throw new CommandFault(EXIT.notKnown, (error as Error).message);
  });
  showCertificate(certificate, options.json === true);
  return certificate.clean ? EXIT.done : EXIT.refused;
};

export const showCertificate = (certificate: Certificate, json: boolean): void =>
  print(json ? JSON.stringify(certificate) : certificateText(certificate));
