/** Structured logs: JSON lines, pretty on a terminal. A line has a fixed sentence; what varies is in fields. */
import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogSettings {
  readonly level: LogLevel;
  /** For a person to read, instead of JSON. */
  readonly pretty: boolean;
}

export const createLogger = (name: string, { level, pretty: forPeople }: LogSettings): Logger =>
  forPeople
    ? pino(
        { name, level, base: null },
        pretty({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', singleLine: true, sync: true }),
      )
    : pino({ name, level, base: { name } });

export const silentLogger = (): Logger => pino({ level: 'silent' });
