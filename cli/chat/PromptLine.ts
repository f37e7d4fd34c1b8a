/**
 * A prompt at the bottom of a terminal, with everything that is said above it. A half-typed line survives whatever
 * arrives meanwhile. Editing, history and wide characters are readline's.
 */
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface PromptLineOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly onLine: (line: string) => void;
  /** Ctrl-C, Ctrl-D on an empty line, or the end of the input. */
  readonly onEnd: () => void;
  /** A key was pressed, and this stands on the line now. */
  readonly onTyping?: (line: string) => void;
  /** Whole lines that the Tab key may complete the given start to. */
  readonly complete?: (start: string) => readonly string[];
}

const historySize = 200;

export class PromptLine {
  readonly #readline: Interface;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #onKey: () => void;
  #closed = false;

  constructor({ input, output, onLine, onEnd, onTyping, complete }: PromptLineOptions) {
    this.#input = input;
    this.#output = output;
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      historySize,
      removeHistoryDuplicates: true,
      ...(complete ? { completer: (start: string) => [complete(start), start] } : {}),
    });
    // Readline has put the key on its line before this is called: it listens since it was made.
    this.#onKey = () => onTyping?.(this.#readline.line);
    input.on('keypress', this.#onKey);
    this.#readline.on('line', (line) => {
      onLine(line);
      this.#show();
    });
    this.#readline.on('SIGINT', () => this.#readline.close());
    this.#readline.once('close', () => {
      const ended = !this.#closed;
      this.#closed = true;
      this.#input.off('keypress', this.#onKey);
      if (ended) onEnd();
    });
  }

  setPrompt(prompt: string): void {
    this.#readline.setPrompt(prompt);
    this.#redraw('');
  }

  /** @param text whole lines, without a newline at the end */
  printAbove(text: string): void {
    this.#redraw(`${text}\n`);
  }

  /** Takes the line that was just entered off the screen: the room shows it when it is stored. */
  eraseEntered(prompt: string, line: string): void {
    const columns = (this.#output as { columns?: number }).columns || 80;
    const rows = Math.ceil((displayWidth(prompt) + displayWidth(line) + 1) / columns);
    moveCursor(this.#output, 0, -rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#readline.close();
  }

  #show(): void {
    if (!this.#closed) this.#readline.prompt(true);
  }

  #redraw(text: string): void {
    if (this.#closed) {
      this.#output.write(text);
      return;
    }
    const { rows } = this.#readline.getCursorPos();
    if (rows > 0) moveCursor(this.#output, 0, -rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
    this.#output.write(text);
    // Readline goes up by the rows that it believes are above the cursor before it draws its line again: there are none.
    (this.#readline as unknown as { prevRows: number }).prevRows = 0;
    this.#readline.prompt(true);
  }
}

/** Columns that a text takes, colours not counted; wide characters (CJK, emoji) take two. */
function displayWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence starts with one
  const plain = text.replace(/\u001b\[[0-9;]*m/g, '');
  return [...plain].reduce((width, character) => width + (isWide.test(character) ? 2 : 1), 0);
}

const isWide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
