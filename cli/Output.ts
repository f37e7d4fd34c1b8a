/**
 * Everything that a command says: results on stdout, progress and errors on stderr. With `--json` stdout carries JSON
 * and nothing else, one document for each result or event. Colour only where a terminal shows it (https://no-color.org).
 */
import { styleText } from 'node:util';
import { type ExitCode, exitCodeOfError, exitCodes } from './exitCodes.js';
import { isMisuse } from './misuse.js';

type Style = Parameters<typeof styleText>[0];

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface OutputOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
}

/** An error as the command line shows it. */
export interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

export class Output {
  readonly json: boolean;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #colour: boolean;

  constructor({ stdout, stderr, env, json }: OutputOptions) {
    this.json = json;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#colour = showsColour(stdout, env);
  }

  /** The result of a command: its JSON, or what `render` makes of it for people. */
  result<T>(value: T, render: (value: T) => string): void {
    this.#stdout.write(`${this.json ? toJson(value) : render(value)}\n`);
  }

  /** One thing that happened while a command goes on; with `--json` a line of its own. */
  event(value: Readonly<Record<string, unknown>>, text: string): void {
    this.#stdout.write(`${this.json ? toJson(value) : text}\n`);
  }

  /** What is being done now, for people. */
  progress(text: string): void {
    if (!this.json) this.#stderr.write(`${text}\n`);
  }

  /** @returns the exit code that belongs to the error */
  error(thrown: unknown): ExitCode {
    const error = shownError(thrown);
    if (this.json) this.#stdout.write(`${toJson({ error })}\n`);
    const remedy = error.remedy === undefined ? '' : `remedy: ${error.remedy}\n`;
    this.#stderr.write(`error ${error.code}: ${error.message}\n${remedy}`);
    return isMisuse(thrown) ? exitCodes.usage : exitCodeOfError(error.code);
  }

  style(style: Style, text: string): string {
    return this.#colour ? styleText(style, text) : text;
  }
}

/** Colour is for terminals; NO_COLOR takes it away, FORCE_COLOR gives it without one. */
export function showsColour(stream: OutputStream, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Known by its fields and not by its class, so that `--help` never loads the library. */
export function shownError(thrown: unknown): ShownError {
  const { code, message, remedy } = (thrown ?? {}) as { code?: unknown; message?: unknown; remedy?: unknown };
  return {
    code: typeof code === 'string' && code.startsWith('ERR_') ? code : 'ERR_ACADEMY_INTERNAL',
    message: typeof message === 'string' ? message : String(thrown),
    ...(typeof remedy === 'string' ? { remedy } : {}),
  };
}

/** Bytes become base64, since JSON has no word for them. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    field instanceof Uint8Array ? Buffer.from(field).toString('base64') : field,
  );
}

/** Columns of equal width; the last one is not padded. */
export function table(rows: readonly (readonly string[])[], header?: readonly string[]): string {
  const all = header ? [header, ...rows] : rows;
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
