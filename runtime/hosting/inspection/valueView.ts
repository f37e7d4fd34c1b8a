/**
 * Makes a view of any value that people may look at and JSON can say: bounded, without calling a line of whoever made
 * the value but of a method that is made for it, and without what is secret by its name. Bytes are never shown, since keys are bytes.
 *
 * ```ts
 * valueView({ seed: 'x', at: new Map([['a', 1]]), bot }); // { seed: '[hidden]', at: { $class: 'Map', a: 1 }, bot: '[cycle]' }
 * ```
 */
import { types } from 'node:util';
import { inspectedAs } from '../../protocol/inspectedAs.js';
import { limits } from '../../protocol/limits.js';

const secretName =
  /seed|secret|passw|passphrase|token|credential|private.?key|api.?key|access.?key|authori[sz]ation|cookie/i;
const secretText =
  /-----BEGIN [A-Z ]*PRIVATE KEY|:\/\/[^/\s:@]+:[^/\s@]+@|^(?:Bearer|Basic) |^academy:[^:]+:[\w-]{43}$/;
const hidden = '[hidden]';

/** As deep as it can be shown within limits.viewValuesMax; at least one level. */
export function valueView(value: unknown): unknown {
  for (let depth = limits.viewDepthMax; depth > 1; depth--) {
    const view = new View(depth, limits.viewValuesMax);
    const shown = view.of(value, 0);
    if (view.isWithin) return shown;
  }
  return new View(1, Number.POSITIVE_INFINITY).of(value, 0);
}

class View {
  readonly #depthMax: number;
  #left: number;
  /** Objects that are being shown, from the root on. */
  readonly #above: object[] = [];

  constructor(depthMax: number, valuesMax: number) {
    this.#depthMax = depthMax;
    this.#left = valuesMax;
  }

  get isWithin(): boolean {
    return this.#left >= 0;
  }

  of(value: unknown, depth: number): unknown {
    if (--this.#left < 0) return null;
    switch (typeof value) {
      case 'string':
        return textView(value);
      case 'number':
        return Number.isFinite(value) ? value : `[${value}]`;
      case 'bigint':
        return `[${value}n]`;
      case 'symbol':
        return `[${String(value)}]`;
      case 'function':
        return '[function]';
      case 'object':
        return value === null ? null : this.#object(value, depth);
      default:
        return value;
    }
  }

  #object(value: object, depth: number): unknown {
    if (types.isProxy(value)) return '[proxy]';
    if (this.#above.includes(value)) return '[cycle]';
    const name = classOf(value);
    const short = inShort(value, name);
    if (short !== undefined) return short;
    if (depth >= this.#depthMax) return Array.isArray(value) ? `[${value.length} items]` : `[${name || 'object'}]`;
    this.#above.push(value);
    const told = name === '' ? value : asItSays(value);
    const shown = Array.isArray(told) ? this.#array(told, depth) : this.#fields(told, name, depth);
    this.#above.pop();
    return shown;
  }

  #array(items: readonly unknown[], depth: number): unknown[] {
    const shown: unknown[] = [];
    const count = Math.min(items.length, limits.viewEntriesMax);
    for (let index = 0; index < count; index++) shown.push(this.#property(items, String(index), depth));
    if (items.length > count) shown.push(`[${items.length - count} more]`);
    return shown;
  }

  #fields(value: object, name: string, depth: number): Record<string, unknown> {
    const shown: [string, unknown][] = name === '' ? [] : [['$class', name]];
    const keys = Object.keys(value);
    for (const key of keys.slice(0, limits.viewEntriesMax)) {
      shown.push([textView(key), this.#property(value, key, depth)]);
    }
    for (const [key, entry] of entriesOf(value)) {
      const label = typeof key === 'string' ? key : (JSON.stringify(this.of(key, depth + 1)) ?? 'undefined');
      shown.push([textView(label), this.#named(label, entry, depth)]);
    }
    const more = Math.max(keys.length, sizeOf(value)) - limits.viewEntriesMax;
    if (more > 0) shown.push(['$more', more]);
    return Object.fromEntries(shown);
  }

  #property(value: object, key: string, depth: number): unknown {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined) return null;
    return 'value' in property ? this.#named(key, property.value, depth) : '[getter]';
  }

  #named(name: string, value: unknown, depth: number): unknown {
    const isSecret = secretName.test(name) && value !== null && value !== undefined && typeof value !== 'boolean';
    return isSecret ? hidden : this.of(value, depth + 1);
  }
}

/** An instance of a class that has a method for it. */
function asItSays(value: object): object {
  const method = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value), inspectedAs)?.value;
  const told: unknown = typeof method === 'function' ? method.call(value) : value;
  return typeof told === 'object' && told !== null && !types.isProxy(told) ? told : value;
}

/** Objects that have no fields worth a look, in a word; undefined for all others. */
function inShort(value: object, name: string): string | undefined {
  if (ArrayBuffer.isView(value)) return `[${name}, ${value.byteLength} bytes]`;
  if (types.isAnyArrayBuffer(value)) return `[${name}]`;
  if (types.isDate(value)) {
    const atMs = Date.prototype.getTime.call(value);
    return Number.isNaN(atMs) ? '[invalid date]' : `[${new Date(atMs).toISOString()}]`;
  }
  if (types.isRegExp(value)) return '[RegExp]';
  if (types.isNativeError(value)) {
    const message = Object.getOwnPropertyDescriptor(value, 'message')?.value;
    return `[${name || 'Error'}${typeof message === 'string' ? `: ${textView(message)}` : ''}]`;
  }
  // An XState actor is the whole of another machine.
  const id = Object.getOwnPropertyDescriptor(value, 'id')?.value;
  return name === 'Actor' && Object.hasOwn(value, 'sessionId')
    ? `[actor ${typeof id === 'string' ? id : ''}]`
    : undefined;
}

/** The first entries of a map, and of a set by number, whatever its class has made of its methods. */
function* entriesOf(value: object): Generator<readonly [key: unknown, entry: unknown]> {
  let count = 0;
  if (types.isMap(value)) {
    for (const entry of Map.prototype.entries.call(value)) {
      if (count++ === limits.viewEntriesMax) return;
      yield entry;
    }
  } else if (types.isSet(value)) {
    for (const entry of Set.prototype.values.call(value)) {
      if (count === limits.viewEntriesMax) return;
      yield [String(count++), entry];
    }
  }
}

function sizeOf(value: object): number {
  if (types.isMap(value)) return Reflect.get(Map.prototype, 'size', value) as number;
  return types.isSet(value) ? (Reflect.get(Set.prototype, 'size', value) as number) : 0;
}

/** Empty for plain objects. */
function classOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype || prototype === Array.prototype) return '';
  if (types.isProxy(prototype)) return 'proxy';
  const made = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const name =
    typeof made === 'function' && !types.isProxy(made) ? Object.getOwnPropertyDescriptor(made, 'name')?.value : '';
  // An object of another realm is as plain.
  return typeof name === 'string' && name !== 'Object' ? name : '';
}

function textView(text: string): string {
  // What is beyond is not shown, but may say what the beginning is.
  if (secretText.test(text.slice(0, 4 * limits.viewCharactersMax))) return hidden;
  const more = text.length - limits.viewCharactersMax;
  return more > 0 ? `${text.slice(0, limits.viewCharactersMax)}… ${more} more` : text;
}
