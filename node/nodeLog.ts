/** The node's log: JSON lines in its data folder, so that a terminal stays the person's; never a line per packet. */
import { join } from 'node:path';
import { destination, type Logger, pino } from 'pino';

export type LogLevelName = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export const logFileName = 'node.log';

/** @returns the logger, and a function that writes out what is buffered and closes the file */
export function openNodeLog(
  dataFolder: string,
  level: LogLevelName,
  nodeId: string,
): { log: Logger; close: () => Promise<void> } {
  const file = destination({ dest: join(dataFolder, logFileName), sync: false, mkdir: true });
  const log = pino({ level, base: { node: nodeId.slice(0, 8) } }, file);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      file.once('close', resolve);
      file.once('error', () => resolve());
      file.end();
    });
  return { log, close };
}
