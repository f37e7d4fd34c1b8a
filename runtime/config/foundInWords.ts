/** A value that somebody wrote where it does not fit, short enough for one line of an error. */

const textLengthMax = 60;

/** `"loud"`, `70000`, `a list`. */
export function foundInWords(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > textLengthMax ? `${value.slice(0, textLengthMax)}…` : value);
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
