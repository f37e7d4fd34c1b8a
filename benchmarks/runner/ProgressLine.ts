/** One line on a terminal that shows how far a run has come. Where there is no terminal it writes nothing. */
import type { BenchmarkProgress } from './defineBenchmark.js';

const barCharacters = 20;

export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #shown = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  show({ fraction, text }: BenchmarkProgress): void {
    if (!this.#stream.isTTY) return;
    const full = Math.round(Math.min(1, fraction) * barCharacters);
    const bar = `${'#'.repeat(full)}${'.'.repeat(barCharacters - full)}`;
    const line = `[${bar}] ${String(Math.floor(fraction * 100)).padStart(3)} % ${text}`;
    this.#stream.write(`\r\u001b[K${line.slice(0, Math.max(0, (this.#stream.columns || 80) - 1))}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }
}
