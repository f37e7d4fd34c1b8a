/** Where a module fails when it is loaded, for whoever has to correct it. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** @returns ` (line 3, column 7)` of the module's own file; empty when the fault does not stand there */
export async function faultPlace(cause: unknown, module: string): Promise<string> {
  if (!(cause instanceof Error)) return '';
  const [url = module] = module.split('?', 1);
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  // Node.js shows where the syntax is wrong only to who runs the file.
  if (cause instanceof SyntaxError) return syntaxPlace(path);
  for (const file of [url, path]) {
    const at = cause.stack?.indexOf(file) ?? -1;
    if (at < 0) continue;
    const [, line, column] = /^[^:\s)]*:(\d+)(?::(\d+))?/.exec(cause.stack?.slice(at + file.length) ?? '') ?? [];
    if (line) return inWords(line, column);
  }
  return '';
}

async function syntaxPlace(path: string): Promise<string> {
  const source = await readFile(path, 'utf8').catch(() => null);
  if (source === null) return '';
  const { createJiti } = await import('jiti');
  // jiti throws no error of the parser but compiles to one.
  const compiled = createJiti(path).transform({ source, filename: path, async: true, ts: /\.[cm]?tsx?$/.test(path) });
  const fault = /^exports\.__JITI_ERROR__ = (\{.*\})$/.exec(compiled.trim())?.[1];
  if (fault === undefined) return '';
  const { line, column } = JSON.parse(fault) as { line: number; column: number };
  return inWords(line, column);
}

function inWords(line: string | number, column: string | number | undefined): string {
  return ` (line ${line}${column === undefined ? '' : `, column ${column}`})`;
}
