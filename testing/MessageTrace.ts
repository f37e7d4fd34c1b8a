/** Who sent what to whom, and who crashed, in the order in which it happened, to be looked through by a test or read by a person. */
import type { ErrorRecord } from '../runtime/protocol/errors.js';

export interface TracedMessage {
  /** Virtual time since the start. */
  readonly atMs: number;
  /** Name of the sender; null: the test itself, or nobody. */
  readonly from: string | null;
  readonly to: string;
  /** Of an answer, the type of its question. */
  readonly type: string;
  readonly data: unknown;
  readonly kind: 'tell' | 'ask' | 'answer' | 'failure' | 'restart' | 'end';
  /** What a fault rule did with it. */
  readonly fate?: string;
}

const messagesKept = 100_000;
const dataCharacters = 80;

export class MessageTrace {
  #messages: TracedMessage[] = [];

  /** Oldest first; of very many the oldest are forgotten. */
  get messages(): readonly TracedMessage[] {
    return this.#messages;
  }

  add(message: TracedMessage): void {
    if (this.#messages.length >= messagesKept) this.#messages.splice(0, messagesKept / 10);
    this.#messages.push(message);
  }

  clear(): void {
    this.#messages = [];
  }

  /**
   * One line a message:
   * ```
   *     0 ms  test -> counter: add 2
   *     0 ms  bot -> counter: count? null
   *    20 ms  bot <- counter: count = 2
   * ```
   */
  transcript(): string {
    return this.#messages.map(lineOf).join('\n');
  }
}

function lineOf({ atMs, from, to, type, data, kind, fate }: TracedMessage): string {
  const time = `${Math.round(atMs)} ms`.padStart(9);
  if (kind === 'restart') return `${time}  ${to} was started again after: ${inShort(data)}`;
  if (kind === 'end') return `${time}  ${to} was given up after: ${inShort(data)}`;
  const ways = kind === 'tell' || kind === 'ask' ? `${from ?? 'test'} -> ${to}` : `${to} <- ${from ?? 'test'}`;
  const word = { tell: `${type} `, ask: `${type}? `, answer: `${type} = `, failure: `${type} failed: ` }[kind];
  return `${time}  ${ways}: ${word}${inShort(kind === 'failure' ? (data as ErrorRecord).message : data)}${fate ? `  [${fate}]` : ''}`;
}

function inShort(data: unknown): string {
  let text: string;
  try {
    text = typeof data === 'string' ? JSON.stringify(data) : (JSON.stringify(data) ?? String(data));
  } catch {
    text = String(data);
  }
  return text.length > dataCharacters ? `${text.slice(0, dataCharacters)}…` : text;
}
