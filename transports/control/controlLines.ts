/**
 * The lines of the control socket: one JSON document each, ended by a newline.
 *
 * ```
 * client   {"id": 1, "method": "say", "params": {...}}
 * server   {"id": 1, "event": ...}       any number of them
 *          {"id": 1, "result": ...}      at the end, without events before it
 *          {"id": 1, "done": true, "result": ...}      at the end, after events
 *          {"id": 1, "error": {"code", "message", "remedy"}}
 * ```
 * A line that is not understood is answered with `"id": null` and ends the connection.
 */
import type { ErrorRecord } from '../../runtime/protocol/errors.js';

export interface ControlRequest {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

export interface ControlReply {
  readonly id: number | null;
  readonly event?: unknown;
  readonly result?: unknown;
  readonly done?: true;
  readonly error?: ErrorRecord;
}

/** Bytes of one request; what is larger goes through files. */
export const requestBytesMax = 1024 * 1024;
/** Bytes of one reply or event: the tree of 10,000 actors has some 2 MB. */
export const replyBytesMax = 16 * 1024 * 1024;
const newline = 0x0a;

/** Cuts chunks into lines. It keeps one unfinished line at the most, and none longer than the limit. */
export class LineReader {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that this chunk completes; null when one is too long, after which nothing more can be read. */
  push(chunk: Buffer): readonly string[] | null {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      if (!this.#keep(chunk.subarray(start, end))) return null;
      lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#bytes = 0;
      start = end + 1;
    }
    return this.#keep(chunk.subarray(start)) ? lines : null;
  }

  #keep(part: Buffer): boolean {
    this.#bytes += part.length;
    if (this.#bytes > this.#bytesMax) return false;
    if (part.length > 0) this.#parts.push(part);
    return true;
  }
}

/** @returns null for what is no JSON object */
export function parseLine(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** @returns null for what is no request */
export function parseRequest(line: string): ControlRequest | null {
  const value = parseLine(line);
  if (!value || !Number.isSafeInteger(value.id) || typeof value.method !== 'string') return null;
  return { id: value.id as number, method: value.method, params: value.params };
}
