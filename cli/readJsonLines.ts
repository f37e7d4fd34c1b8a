/** Reads a JSONL file of the user's, with errors that name the file and the line. */
import { readFile } from 'node:fs/promises';
import { AcademyError, type AcademyErrorCode } from '../index.js';

export interface JsonLinesKind<T> {
  /** Of the error that a bad line is. */
  readonly code: AcademyErrorCode;
  /** How a line looks, for the reader of that error. */
  readonly shape: string;
  /** Turns one value into what is wanted of it, or says in words what is wrong with it. */
  readonly take: (value: unknown) => T | string;
}

/**
 * @throws AcademyError ERR_ACADEMY_FILE_NOT_FOUND, or `code` for the first line that does not fit
 */
export async function readJsonLines<T extends object>(
  path: string,
  { code, shape, take }: JsonLinesKind<T>,
): Promise<T[]> {
  const remedy = `write one JSON object a line: ${shape}`;
  const text = await readTextFile(path);
  const items: T[] = [];
  // Some editors begin a file with a byte order mark.
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    const place = `${path} line ${index + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new AcademyError(code, `${place} is no JSON`, { remedy, cause });
    }
    const item = take(value);
    if (typeof item === 'string') throw new AcademyError(code, `${place}: ${item}`, { remedy });
    items.push(item);
  }
  return items;
}

/** @throws AcademyError ERR_ACADEMY_FILE_NOT_FOUND */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AcademyError('ERR_ACADEMY_FILE_NOT_FOUND', `${path} cannot be read`, {
      remedy: 'check the path; it is relative to the current folder',
      cause,
    });
  }
}
