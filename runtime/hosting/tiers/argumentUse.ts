/**
 * Which of XState's arguments a function takes, read from its source. Most name them in a pattern, `({ context,
 * event }) => …`, and then nothing else needs to be made for them. Whatever is not that plain gets everything.
 */

const patternCache = new WeakMap<object, ReadonlySet<string> | null>();

/** The names that a function takes from its first argument; null when it may take any. */
export function takenNames(fn: object): ReadonlySet<string> | null {
  let names = patternCache.get(fn);
  if (names === undefined) {
    names = namesInPattern(Function.prototype.toString.call(fn));
    patternCache.set(fn, names);
  }
  return names;
}

/** Whether a function is content with `{ context, event }`. */
export function takesContextAndEvent(fn: object): boolean {
  const names = takenNames(fn);
  if (!names) return false;
  for (const name of names) if (name !== 'context' && name !== 'event') return false;
  return true;
}

export function mayTake(fn: object, name: string): boolean {
  const names = takenNames(fn);
  return names ? names.has(name) : new RegExp(`\\b${name}\\b`).test(Function.prototype.toString.call(fn));
}

/**
 * Whether a function does no more with an argument than to call its methods: `enqueue.emit(…)`. One that is passed on,
 * kept, or called itself may be anything.
 */
export function onlyCallsMethodsOf(fn: object, name: string): boolean {
  if (!takenNames(fn)?.has(name)) return false;
  const source = Function.prototype.toString.call(fn);
  // A pattern that gives it another name.
  if (new RegExp(`\\b${name}\\s*:`).test(source)) return false;
  const uses = source.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
  const calls = source.match(new RegExp(`\\b${name}\\s*\\.\\s*\\w+\\s*\\(`, 'g'))?.length ?? 0;
  // The one that is no call is the name in the pattern.
  return uses === calls + 1;
}

const head = /^(?:async\b\s*)?(?:function\b\s*)?\*?\s*[\w$]*\s*\(/;
const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/y;
const key = /[A-Za-z_$][\w$]*/y;

function namesInPattern(source: string): ReadonlySet<string> | null {
  const start = head.exec(source);
  // `arguments` reaches what a pattern does not name, and a bound function does not show what it takes.
  if (!start || /\barguments\b|\[native code/.test(source)) return null;
  let at = skipBlank(source, start[0].length);
  if (source[at] === ')') return new Set();
  if (source[at] !== '{') return null;
  at++;
  const names = new Set<string>();
  for (;;) {
    at = skipBlank(source, at);
    if (source[at] === '}') return names;
    key.lastIndex = at;
    const name = key.exec(source)?.[0];
    // A rest element, or a computed or quoted name.
    if (name === undefined) return null;
    names.add(name);
    const end = endOfElement(source, at + name.length);
    if (end === null) return null;
    at = source[end] === ',' ? end + 1 : end;
  }
}

/** Behind a renaming, an inner pattern or a default value; null where those hold what this does not read. */
function endOfElement(source: string, from: number): number | null {
  let depth = 0;
  for (let at = from; at < source.length; at++) {
    const sign = source[at] as string;
    if (depth === 0 && (sign === ',' || sign === '}')) return at;
    if ('{[('.includes(sign)) depth++;
    else if ('}])'.includes(sign)) depth--;
    else if ('\'"`/'.includes(sign)) return null;
  }
  return null;
}

function skipBlank(source: string, from: number): number {
  let at = from;
  for (;;) {
    while (/\s/.test(source[at] ?? '')) at++;
    comments.lastIndex = at;
    const comment = comments.exec(source);
    if (!comment) return at;
    at += comment[0].length;
  }
}
