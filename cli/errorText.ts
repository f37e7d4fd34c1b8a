/** What an actor threw, with the place in its file, as a terminal makes it a link. */
import { relative } from 'node:path';

/** @returns `it broke (bot.js:12:7)`; the file as seen from the current folder when it lies below */
export function errorText({ message, place }: { readonly message: string; readonly place?: string }): string {
  if (place === undefined) return message;
  const seen = relative(process.cwd(), place);
  return `${message} (${seen.startsWith('..') ? place : seen})`;
}
