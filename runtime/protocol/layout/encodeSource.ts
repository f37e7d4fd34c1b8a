/**
 * The source text of a layout's encoder: one straight function that takes the fields, writes the joined texts, and
 * then the fixed-width part in words. What it is handed is named in EncodeScope.
 */
import { doesNotFit, needsDefinitions, notEncodable } from './encodeResults.js';
import { inlineId } from './IdDictionary.js';
import { type LayoutPlan, maskName, type PlannedField } from './layoutPlan.js';
import type { writeRest } from './rest.js';
import type { rewriteTexts } from './texts.js';
import type { viewOf } from './viewOf.js';

/** What generated encoders call. */
export interface EncodeScope {
  readonly viewOf: typeof viewOf;
  readonly rewriteTexts: typeof rewriteTexts;
  readonly writeRest: typeof writeRest;
}

const nil = 0xc0;
/** Bytes that the longest character takes; a write that leaves fewer unused may have been cut. */
const characterBytesMax = 4;

/** The body of `(value, target, offset, limit, ids) => number`. */
export function encodeSource(plan: LayoutPlan): string {
  const { fields, fixed, texts, ids, loose } = plan;
  // A text that is null is '', and joined like others; those of optional fields are joined only where one may be there.
  const always = texts.filter(({ presentBit }) => presentBit === 0);
  const sometimes = texts.filter(({ presentBit }) => presentBit !== 0);
  const joined = always.length > 0 ? always.map(({ value }) => value).join(' + ') : "''";
  // The string that starts with the second half of a pair could complete what ends the one before it.
  const later = texts.slice(1).map(({ value }) => `(${value}.charCodeAt(0) & 0xfc00) === 0xdc00`);
  const joins = [...later, ...(ids.length > 0 ? ["inlined !== ''"] : [])];
  const list = [
    ...texts.map(({ value }) => value),
    ...ids.map(({ value, raw }) => `${raw} >= ${inlineId} ? ${value} : ''`),
  ];
  return `
if (limit > target.length) limit = target.length;
const textsAt = offset + ${fixed.length};
const room = limit - textsAt - 1;
if (!(offset >= 0 && room >= 0)) return ${doesNotFit};
let ${maskName} = 0;
${ids.length > 0 ? "let inlined = '';" : ''}
${parentsSource(fields)}
${[...ids, ...fields.filter(({ form }) => form !== 'id')].map(fieldSource).join('\n')}
${ids.length > 0 ? `if ((${ids.map(({ raw }) => raw).join(' | ')}) < 0) return ${needsDefinitions};` : ''}
let joined = ${joined};
${sometimes.length > 0 ? `if (${maskName} !== 0) joined += ${sometimes.map(({ value }) => value).join(' + ')};` : ''}
${ids.length > 0 ? "if (inlined !== '') joined += inlined;" : ''}
const length = joined.length;
if (length > room) return ${doesNotFit};
let bytes = target.utf8Write(joined, textsAt, room);
if ((bytes !== length || length > room - ${characterBytesMax}) && (${[`bytes > room - ${characterBytesMax}`, ...joins].join(' || ')})) {
  bytes = scope.rewriteTexts(target, textsAt, room, [${list.join(', ')}]);
  if (bytes < 0) return bytes;
}
const view = scope.viewOf(target);
${fixed.writeSource()}
const end = textsAt + bytes;
${restSource(loose)}
target[end] = ${nil};
return end + 1;`;
}

function isAlwaysThere({ presentBit, nullBit }: PlannedField): boolean {
  return presentBit === 0 && nullBit === 0;
}

/** Declares a variable for each object that holds flattened fields. */
function parentsSource(fields: readonly PlannedField[]): string {
  const parents = new Map<string, string>();
  for (const { path } of fields) {
    for (let depth = 1; depth < path.length; depth++) {
      const parent = path.slice(0, depth);
      parents.set(parentName(parent), `const ${parentName(parent)} = ${accessSource(parent)};`);
    }
  }
  return [...parents.values()].join('\n');
}

function parentName(path: readonly string[]): string {
  return path.length === 0 ? 'value' : `in_${path.join('_')}`;
}

function accessSource(path: readonly string[]): string {
  return `${parentName(path.slice(0, -1))}[${JSON.stringify(path.at(-1))}]`;
}

function fieldSource(field: PlannedField): string {
  const { path, presentBit, nullBit, raw, value } = field;
  const isOptional = !isAlwaysThere(field);
  const take = rawSource(field);
  const declared = `let ${value} = ${accessSource(path)};`;
  if (!isOptional) return `${declared}\n${field.form === 'loose' ? '' : `let ${raw} = 0;\n${take}`}`;
  const absent = field.form === 'boolean' ? 0xc2 : 0;
  const nothing = field.form === 'text' || field.form === 'id' ? ` ${value} = '';` : '';
  const branches = [
    ...(presentBit ? [`if (${value} === undefined) {${nothing} }`] : []),
    ...(nullBit ? [`if (${value} === null) { ${maskName} |= ${presentBit | nullBit};${nothing} }`] : []),
    `{ ${presentBit ? `${maskName} |= ${presentBit};` : ''} ${take} }`,
  ];
  return `${declared}\n${field.form === 'loose' ? '' : `let ${raw} = ${absent};`}\n${branches.join(' else ')}`;
}

/** Statements that make of the value what stands in the fixed-width part. */
function rawSource(field: PlannedField): string {
  const { raw, value } = field;
  switch (field.form) {
    case 'float':
      return `${raw} = ${value};`;
    case 'unsigned':
      return field.width === 2 ? `${raw} = ${value} & 0xffff;` : `${raw} = ${value} | 0;`;
    case 'boolean':
      return `${raw} = ${value} === true ? 0xc3 : 0xc2;`;
    case 'word': {
      const choices = field.words.map((word, index) => `${value} === ${JSON.stringify(word)} ? ${index}`);
      return `${raw} = ${choices.join(' : ')} : -1; if (${raw} < 0) return ${notEncodable};`;
    }
    case 'text':
      return `${raw} = ${value}.length; if (!(${raw} <= ${field.maxLength * 2})) return ${notEncodable};`;
    case 'id':
      return `${raw} = ids === null ? ${inlineId} : ids.numberOf(${value});
if (${raw} >= ${inlineId}) {
  if (!(${value}.length <= ${field.maxLength * 2})) return ${notEncodable};
  ${raw} |= ${value}.length;
  inlined += ${value};
}`;
    case 'loose':
      return '';
  }
}

function restSource(loose: readonly PlannedField<'loose'>[]): string {
  if (loose.length === 0) return '';
  const optionalBits = loose.reduce((bits, { presentBit }) => bits | presentBit, 0);
  const always = loose.some(({ presentBit }) => presentBit === 0);
  const list = `[${loose.map(({ value }) => value).join(', ')}]`;
  const write = `return scope.writeRest(target, end, limit, ${list});`;
  return always ? write : `if ((${maskName} & ${optionalBits}) !== 0) ${write}`;
}
