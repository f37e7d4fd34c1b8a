/** A terminal that remembers what stands on it: enough of one for readline, without scrolling. */
import { PassThrough, Writable } from 'node:stream';

export class FakeTerminal extends Writable {
  readonly isTTY = true;
  readonly columns: number;
  /** What the person types. */
  readonly keyboard = new PassThrough();
  readonly #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns = 80) {
    super();
    this.columns = columns;
  }

  /** Rows from the top, without trailing spaces and without empty rows at the end. */
  get screen(): readonly string[] {
    const rows = this.#rows.map((row) =>
      Array.from(row, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const text = chunk.toString();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one
    for (const [token, parameter, command] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|[\s\S]/gu)) {
      if (command !== undefined) this.#control(command, parameter ?? '');
      else this.#put(token);
    }
    done();
  }

  #control(command: string, parameter: string): void {
    const count = parameter === '' ? 1 : Number(parameter);
    if (command === 'A') this.#row = Math.max(0, this.#row - count);
    else if (command === 'B') this.#row += count;
    else if (command === 'C') this.#column += count;
    else if (command === 'D') this.#column = Math.max(0, this.#column - count);
    else if (command === 'G') this.#column = count - 1;
    else if (command === 'J') {
      this.#rows.length = Math.min(this.#rows.length, this.#row + 1);
      this.#line().length = Math.min(this.#line().length, this.#column);
    } else if (command === 'K') this.#line().length = Math.min(this.#line().length, this.#column);
    else if (command !== 'm') throw new Error(`the fake terminal does not know ESC[${parameter}${command}`);
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') {
      // As a terminal's line discipline does it: a newline returns, too.
      this.#row += 1;
      this.#column = 0;
    } else {
      if (this.#column >= this.columns) {
        this.#row += 1;
        this.#column = 0;
      }
      this.#line()[this.#column] = character;
      this.#column += 1;
    }
  }

  #line(): string[] {
    while (this.#rows.length <= this.#row) this.#rows.push([]);
    return this.#rows[this.#row] as string[];
  }
}
