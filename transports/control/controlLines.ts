/**
 * The language of the control socket: one JSON value a line. A caller sends `{ id, method, params }` and may send
 * `{ id, cancel: true }`; it gets any number of `{ id, event }` and then one `{ id, result }` or `{ id, error }`.
 */
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

/** Characters of one line: a page of history fits, a runaway does not. */
export const controlLineCharactersMax = 4 * 1024 * 1024;

export function writeLine(socket: Socket, value: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}

/**
 * Calls `onValue` for each line. A line that is too long or no JSON ends the connection: whoever speaks another
 * language here has nothing to say.
 */
export function readLines(socket: Socket, onValue: (value: Readonly<Record<string, unknown>>) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > controlLineCharactersMax) {
      socket.destroy();
      return;
    }
    for (const line of lines) {
      const value = parseObject(line);
      if (!value) {
        socket.destroy();
        return;
      }
      onValue(value);
    }
  });
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
