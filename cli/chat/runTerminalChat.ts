/** The chat in a terminal, until the person goes, the node goes, or the signal fires. */
import type { Readable, Writable } from 'node:stream';
import type { NodeConnection } from '../control/ControlMethods.js';
import type { Output } from '../Output.js';
import { ChatSession } from './ChatSession.js';
import { PromptLine } from './PromptLine.js';
import { completeChatLine } from './parseChatLine.js';

export interface TerminalChatOptions {
  readonly connection: NodeConnection;
  readonly input: Readable;
  readonly output: Writable;
  readonly style: Output['style'];
  readonly signal?: AbortSignal;
  /** Is given what prints above the prompt, and null when that ends. */
  readonly onScreen?: (print: ((text: string) => void) | null) => void;
}

/** @throws AcademyError ERR_ACADEMY_NODE_NOT_RUNNING */
export async function runTerminalChat(options: TerminalChatOptions): Promise<void> {
  const { connection, input, output, style, signal, onScreen } = options;
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  const prompt = new PromptLine({
    input,
    output,
    onLine: (line) => {
      if (!session.enter(line)) leave();
    },
    onEnd: leave,
    onTyping: (line) => session.typing(line),
    complete: completeChatLine,
  });
  const screen = {
    print: (text: string) => prompt.printAbove(text),
    setPrompt: (text: string) => prompt.setPrompt(text),
    eraseEntered: (shown: string, line: string) => prompt.eraseEntered(shown, line),
  };
  const session = new ChatSession(connection, screen, style);
  onScreen?.(screen.print);
  signal?.addEventListener('abort', leave, { once: true });
  try {
    if (!signal?.aborted) await session.listen(leaving.signal);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'ERR_ACADEMY_CONTROL') throw thrown;
    prompt.printAbove('The node has ended.');
  } finally {
    signal?.removeEventListener('abort', leave);
    onScreen?.(null);
    prompt.close();
    output.write('\n');
  }
}
