/**
 * The source text of a layout's readers. Both first read and check everything that stands at a fixed offset; then the
 * eager one makes the whole value with an object literal (so that all values have one hidden class for each
 * combination of optional fields), and the lazy one remembers where the message is.
 */
import { inlineId } from './IdDictionary.js';
import type { LayoutField } from './layoutFields.js';
import { type LayoutPlan, maskName, type PlannedField, textBytesName } from './layoutPlan.js';
import type { readRest } from './rest.js';
import type { hasLength, isAscii, readUtf8, splitsPair } from './texts.js';
import type { viewOf } from './viewOf.js';

/** What generated readers call. */
export interface DecodeScope {
  readonly viewOf: typeof viewOf;
  readonly readUtf8: typeof readUtf8;
  readonly isAscii: typeof isAscii;
  readonly splitsPair: typeof splitsPair;
  readonly hasLength: typeof hasLength;
  readonly readRest: typeof readRest;
  /** Checks of the loose fields, in declared order. */
  readonly looseChecks: readonly ((value: unknown) => boolean)[];
}

const nil = 0xc0;

/** The body of `(source, offset, end, ids) => T | undefined`. */
export function decodeSource(plan: LayoutPlan): string {
  const { ids, optionalCount } = plan;
  return `${fixedPartSource(plan, 'undefined')}
${ids.map(lookUpSource).join('\n')}
let joined;
if (units === ${textBytesName}) {
  if (!scope.isAscii(view, textsAt, restAt)) return undefined;
  joined = source.latin1Slice(textsAt, restAt);
} else {
  joined = scope.readUtf8(source, textsAt, restAt, units);
  if (joined === undefined) return undefined;
}
${joinedParts(plan)
  .map((part) => takeSource(part, `${part.field.raw}Id`))
  .join('\n')}
if (units !== ${textBytesName} && (${splitsSource(plan)})) return undefined;
${lengthChecks(plan, 'undefined')}
${optionalCount === 0 ? literalSource(plan, 0, 'return ') : combinations(plan)}`;
}

/**
 * The body of a function that makes a reader's class: `at` checks as decode() does, and the value has a getter for
 * each field that reads it in place.
 */
export function lazySource(plan: LayoutPlan): string {
  return `
class Reader {
  constructor() {
    this.view = null; this.source = null; this.offset = 0; this.ids = null;
    this.mask = 0; this.joined = ''; this.isAscii = true; this.rest = null;
    this.value = new ${className([])}(this);
  }
  at(source, offset, end, ids) {
    this.source = null;
${fixedPartSource(plan, 'false')}
${plan.ids.length === 0 ? '' : 'const known = ids === null ? 0 : ids.known;'}
${plan.ids.map(knownSource).join('\n')}
    this.isAscii = units === ${textBytesName};
    if (!this.isAscii) {
      const joined = scope.readUtf8(source, textsAt, restAt, units);
      if (joined === undefined || ${splitsSource(plan)}) return false;
${joinedParts(plan)
  .map((part) => takeSource(part, "''"))
  .join('\n')}
${lengthChecks(plan, 'false')}
      this.joined = joined;
    } else {
${asciiLengthChecks(plan, 'false')}
    }
    this.view = view; this.source = source; this.offset = offset; this.ids = ids;
    ${plan.maskBits === 0 ? '' : `this.mask = ${maskName};`}
    ${plan.loose.length === 0 ? '' : 'this.rest = rest;'}
    return true;
  }
  text(from, length) {
    if (!this.isAscii) return this.joined.substring(from, from + length);
    const start = this.offset + ${plan.fixed.length} + from;
    return scope.isAscii(this.view, start, start + length) ? this.source.latin1Slice(start, start + length) : undefined;
  }
}
${classSources(plan)}
return Reader;`;
}

interface JoinedPart {
  readonly value: string;
  /** Where the text begins in the joined one, as an expression over raw variables, and its length. */
  readonly from: string;
  readonly length: string;
  readonly field: PlannedField<'text'> | PlannedField<'id'>;
}

/** Every text and id in the order in which they are joined; an id that has a number takes nothing. */
function joinedParts({ texts, ids }: LayoutPlan): JoinedPart[] {
  let from = '0';
  return [...texts, ...ids].map((field, index) => {
    const length = field.form === 'id' ? `${field.raw}Units` : field.raw;
    const part = { value: field.value, from, length, field };
    from = index === 0 ? length : `${from} + ${length}`;
    return part;
  });
}

/** Declares what stands in the fixed-width part, and checks all of it but the texts themselves. */
function fixedPartSource(plan: LayoutPlan, refused: string): string {
  const { fields, fixed, maskBits, ids, texts, loose } = plan;
  const checks = [
    'mismatch !== 0',
    ...(maskBits === 0 ? [] : [`(${maskName} & ~${maskBits}) !== 0`]),
    // Null, of a field that is not there.
    ...fields
      .filter(({ presentBit, nullBit }) => presentBit !== 0 && nullBit !== 0)
      .map(({ presentBit, nullBit }) => `(${maskName} & ${presentBit | nullBit}) === ${nullBit}`),
    ...fields.flatMap(checkSource),
    'restAt >= end',
  ];
  const units = [...texts.map(({ raw }) => raw), ...ids.map(({ raw }) => `${raw}Units`)].join(' + ') || '0';
  return `
if (!(offset >= 0 && end <= source.length && offset + ${fixed.length} < end)) return ${refused};
const view = scope.viewOf(source);
${fixed.readSource()}
const textsAt = offset + ${fixed.length};
const restAt = textsAt + ${textBytesName};
if (${checks.join('\n  || ')}) return ${refused};
${ids.map(({ raw }) => `const ${raw}Units = ${raw} < ${inlineId} ? 0 : ${raw} - ${inlineId};`).join('\n')}
const units = ${units};
${restCheckSource(loose, refused)}`;
}

/** Conditions under which what stands at the field's place is not allowed there. */
function checkSource(field: PlannedField): string[] {
  const { raw, presentBit, nullBit } = field;
  const outside = outsideSource(field);
  if (outside.length === 0) return [];
  if (presentBit === 0 && nullBit === 0) return outside;
  const isThere = `(${maskName} & ${presentBit | nullBit}) === ${presentBit}`;
  return [`(${isThere} ? ${outside.join(' || ')} : ${raw} !== ${field.form === 'boolean' ? 0xc2 : 0})`];
}

function outsideSource(field: LayoutField & { readonly raw: string }): string[] {
  const { raw } = field;
  switch (field.form) {
    case 'float': {
      const { minimum, maximum, integer } = field;
      const lowest = Math.max(minimum, -Number.MAX_VALUE);
      const highest = Math.min(maximum, Number.MAX_VALUE);
      // Written so that NaN fails it.
      const range = `!(${raw} >= ${lowest} && ${raw} <= ${highest})`;
      return integer ? [range, `Math.floor(${raw}) !== ${raw}`] : [range];
    }
    case 'unsigned': {
      const { minimum, maximum } = field;
      return [...below(raw, minimum), `${raw} > ${maximum}`];
    }
    case 'boolean':
      return [`(${raw} & 0xfe) !== 0xc2`];
    case 'word':
      return [`${raw} >= ${field.words.length}`];
    case 'text':
      return [...below(raw, field.minLength), `${raw} > ${field.maxLength * 2}`];
    case 'id':
      return [`${raw} === ${inlineId}`, `${raw} > ${inlineId + field.maxLength * 2}`];
    case 'loose':
      return [];
  }
}

/** No condition where an unsigned integer cannot be too small. */
function below(raw: string, minimum: number): string[] {
  return minimum > 0 ? [`${raw} < ${minimum}`] : [];
}

/** Condition under which a number stands in the message. */
function hasNumberSource({ raw, presentBit, nullBit }: PlannedField<'id'>): string {
  const isThere = presentBit || nullBit ? `(${maskName} & ${presentBit | nullBit}) === ${presentBit} && ` : '';
  return `${isThere}${raw} < ${inlineId}`;
}

/** The eager reader looks up each id that has a number. */
function lookUpSource(id: PlannedField<'id'>): string {
  return `let ${id.raw}Id;
if (${hasNumberSource(id)}) {
  ${id.raw}Id = ids === null ? undefined : ids.idOf(${id.raw});
  if (${id.raw}Id === undefined) return undefined;
}`;
}

/** The lazy reader makes sure that each could be looked up; mostly that takes one comparison. */
function knownSource(id: PlannedField<'id'>): string {
  const { raw } = id;
  return `if (${raw} >= known && ${hasNumberSource(id)} && (ids === null || ids.idOf(${raw}) === undefined)) return false;`;
}

/**
 * Takes a text from the joined one; calls for texts that are not there would cost as much as those for others.
 * @param numbered what an id that has a number is
 */
function takeSource({ value, from, length, field }: JoinedPart, numbered: string): string {
  const cut = `joined.substring(${from}, ${from} + ${length})`;
  if (field.form === 'id') return `const ${value} = ${length} === 0 ? ${numbered} : ${cut};`;
  const always = field.presentBit === 0 && field.nullBit === 0;
  return `const ${value} = ${always ? cut : `${length} === 0 ? '' : ${cut}`};`;
}

/** Declares `rest`, the loose fields that are there. */
function restCheckSource(loose: readonly PlannedField<'loose'>[], refused: string): string {
  const none = `if (source[restAt] !== ${nil} || restAt + 1 !== end) return ${refused};`;
  if (loose.length === 0) return none;
  const bits = loose.reduce((sum, { presentBit }) => sum | presentBit, 0);
  const read = `
const checks = [];
${loose
  .map(({ presentBit }, index) => {
    const push = `checks.push(scope.looseChecks[${index}]);`;
    return presentBit === 0 ? push : `if ((${maskName} & ${presentBit}) !== 0) ${push}`;
  })
  .join('\n')}
rest = scope.readRest(source, restAt, end, checks);
if (rest === undefined) return ${refused};`;
  if (loose.some(({ presentBit }) => presentBit === 0)) return `let rest;${read}`;
  return `let rest = null;\nif ((${maskName} & ${bits}) === 0) { ${none} } else { ${read} }`;
}

function splitsSource(plan: LayoutPlan): string {
  const splits = joinedParts(plan)
    .slice(1)
    .map(({ from }) => `scope.splitsPair(joined, ${from})`);
  return splits.join(' || ') || 'false';
}

/** A text has one or two units for each code point, so it is counted only where its units leave the answer open. */
function lengthChecks(plan: LayoutPlan, refused: string): string {
  const checks = joinedParts(plan).map(({ value, length, field }) => {
    const minLength = field.form === 'text' ? field.minLength : 1;
    const isShort = minLength > 1 ? ` || (${length} !== 0 && ${length} < ${minLength * 2})` : '';
    const isOpen = `(${length} > ${field.maxLength}${isShort})`;
    return `(${isOpen} && !scope.hasLength(${value}, ${minLength}, ${field.maxLength}))`;
  });
  return refuseIf(checks, refused);
}

/** In ASCII each unit is a code point, and that there are enough of them has been checked. */
function asciiLengthChecks(plan: LayoutPlan, refused: string): string {
  const checks = joinedParts(plan).map(({ length, field }) => `${length} > ${field.maxLength}`);
  return refuseIf(checks, refused);
}

function refuseIf(conditions: readonly string[], refused: string): string {
  return conditions.length === 0 ? '' : `if (${conditions.join(' || ')}) return ${refused};`;
}

/** Declarations that stand before the readers' functions: the words of each field by their index. */
export function wordTables({ fields }: LayoutPlan): string {
  return fields
    .map((field) => (field.form === 'word' ? `const words_${field.raw} = ${JSON.stringify(field.words)};` : ''))
    .join('\n');
}

/** A literal for each combination of optional fields, whose bits are the lowest of the mask. */
function combinations(plan: LayoutPlan): string {
  const count = 2 ** plan.optionalCount;
  const cases = Array.from({ length: count }, (_, mask) => `case ${mask}: ${literalSource(plan, mask, 'return ')}`);
  return `switch (${maskName} & ${count - 1}) {\n${cases.join('\n')}\n}`;
}

function literalSource(plan: LayoutPlan, present: number, before: string): string {
  let restIndex = 0;
  const source = (depth: number, prefix: readonly string[]): string => {
    const members: string[] = [];
    const done = new Set<string>();
    for (const field of plan.fields) {
      if (!prefix.every((name, index) => field.path[index] === name)) continue;
      const name = field.path[depth] as string;
      if (done.has(name)) continue;
      done.add(name);
      if (field.path.length > depth + 1) {
        members.push(`${JSON.stringify(name)}: ${source(depth + 1, [...prefix, name])}`);
      } else if (field.presentBit === 0 || (present & field.presentBit) !== 0) {
        const value = field.form === 'loose' ? `rest[${restIndex++}]` : nullableSource(field, finalSource(field));
        members.push(`${JSON.stringify(name)}: ${value}`);
      }
    }
    return `{ ${members.join(', ')} }`;
  };
  return `${before}${source(0, [])};`;
}

function nullableSource({ nullBit }: PlannedField, value: string): string {
  return nullBit === 0 ? value : `(${maskName} & ${nullBit}) !== 0 ? null : ${value}`;
}

/** The value of a field that is there and not null, in the eager reader. */
function finalSource(field: PlannedField): string {
  if (field.form === 'boolean') return `${field.raw} === 0xc3`;
  if (field.form === 'word') return `words_${field.raw}[${field.raw}]`;
  return field.form === 'text' || field.form === 'id' ? field.value : field.raw;
}

function className(path: readonly string[]): string {
  return `In_${path.join('_')}`;
}

/** A class for each object of the value, with a getter for each of its fields. */
function classSources(plan: LayoutPlan): string {
  const parents = new Map<string, readonly string[]>([['', []]]);
  for (const { path } of plan.fields) {
    for (let depth = 1; depth < path.length; depth++) parents.set(path.slice(0, depth).join('.'), path.slice(0, depth));
  }
  return [...parents.values()]
    .map((parent) => {
      const inner = [...parents.values()].filter(
        (path) => path.length === parent.length + 1 && startsWith(path, parent),
      );
      const own = plan.fields.filter(({ path }) => path.length === parent.length + 1 && startsWith(path, parent));
      return `
class ${className(parent)} {
  constructor(reader) {
    this.reader = reader;
    ${inner.map((path) => `this[${JSON.stringify(path.at(-1))}] = new ${className(path)}(reader);`).join('\n')}
  }
  ${own.map((field) => getterSource(plan, field)).join('\n')}
}`;
    })
    .join('\n');
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((name, index) => path[index] === name);
}

function getterSource(plan: LayoutPlan, field: PlannedField): string {
  const { path, presentBit, nullBit } = field;
  return `get ${JSON.stringify(path.at(-1))}() {
    const reader = this.reader;
    ${presentBit === 0 ? '' : `if ((reader.mask & ${presentBit}) === 0) return undefined;`}
    ${nullBit === 0 ? '' : `if ((reader.mask & ${nullBit}) !== 0) return null;`}
    ${inPlaceSource(plan, field)}
  }`;
}

/** Statements that read a field that is there from the bytes. */
function inPlaceSource(plan: LayoutPlan, field: PlannedField): string {
  const { fixed, ids, loose } = plan;
  const at = ({ raw }: PlannedField): string => `reader.offset + ${fixed.offsetOf(raw)}`;
  const byte = (each: PlannedField): string => `reader.view.getUint8(${at(each)})`;
  const short = (each: PlannedField): string => `reader.view.getUint16(${at(each)})`;
  switch (field.form) {
    case 'float':
      return `return reader.view.getFloat64(${at(field)});`;
    case 'unsigned':
      return field.width === 2 ? `return ${short(field)};` : `return reader.view.getUint32(${at(field)});`;
    case 'boolean':
      return `return ${byte(field)} === 0xc3;`;
    case 'word':
      return `return words_${field.raw}[${byte(field)}];`;
    case 'text': {
      const before = plan.texts.slice(0, plan.texts.indexOf(field)).map(short);
      return `return reader.text(${before.join(' + ') || '0'}, ${short(field)});`;
    }
    case 'id': {
      const before = [
        ...plan.texts.map(short),
        ...ids.slice(0, ids.indexOf(field)).map((each) => `Math.max(0, ${short(each)} - ${inlineId})`),
      ];
      return `const number = ${short(field)};
    if (number < ${inlineId}) return reader.ids.idOf(number);
    return reader.text(${before.join(' + ') || '0'}, number - ${inlineId});`;
    }
    case 'loose': {
      const before = loose
        .slice(0, loose.indexOf(field))
        .map(({ presentBit }) => (presentBit === 0 ? '1' : `((reader.mask & ${presentBit}) !== 0 ? 1 : 0)`));
      return `return reader.rest[${before.join(' + ') || '0'}];`;
    }
  }
}
