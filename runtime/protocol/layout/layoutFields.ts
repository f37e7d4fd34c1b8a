/**
 * Walks an event's schema and says how each of its fields travels in a fixed layout: properties in declared order,
 * nested objects flattened. What has no fixed form (a list, an optional object, a refined value) is "loose": it
 * travels at the end, as MessagePack of any length, and is checked by its own compiled schema.
 */
import { AcademyError } from '../errors.js';
import type { TSchema } from '../typebox.js';

/** A field in a fixed form: what it holds, and its bounds. */
export type FieldForm =
  | { readonly form: 'float'; readonly minimum: number; readonly maximum: number; readonly integer: boolean }
  | { readonly form: 'unsigned'; readonly minimum: number; readonly maximum: number; readonly width: 2 | 4 }
  | { readonly form: 'boolean' }
  | { readonly form: 'word'; readonly words: readonly string[] }
  /** Bounds in code points, as JSON Schema counts; lengths on the wire are in UTF-16 units, as JavaScript counts. */
  | { readonly form: 'text'; readonly minLength: number; readonly maxLength: number }
  /** A text that is a number of the stream's dictionary, or travels as text where that is full. */
  | { readonly form: 'id'; readonly maxLength: number }
  | { readonly form: 'loose'; readonly schema: TSchema };

export type LayoutField = FieldForm & {
  /** Names from the value down to the field. */
  readonly path: readonly string[];
  /** Bit of the presence mask that says that the field is there; 0 for a required field. */
  readonly presentBit: number;
  /** Bit of the presence mask that says that it is null; 0 for a field that cannot be. */
  readonly nullBit: number;
};

export interface LayoutFields {
  readonly fields: readonly LayoutField[];
  /** All bits of the presence mask that have a meaning. The lowest ones are those of optional fields, without a gap. */
  readonly maskBits: number;
  readonly optionalCount: number;
}

interface Keywords {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Keywords[];
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

const knownKeywords = new Set(
  'type enum anyOf properties required additionalProperties minimum maximum minLength maxLength description'.split(' '),
);
const maskBitsMax = 32;
/** Each combination of optional fields has an object literal of its own in the decoder. */
const optionalFieldsMax = 5;
const wordsMax = 128;
const unitsMax = 0x7fff;

/**
 * @param repeatedIds names of top-level texts that the stream's dictionary gives numbers to
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a schema that no fixed layout can be made of
 */
export function layoutFields(schema: TSchema, repeatedIds: readonly string[]): LayoutFields {
  const root = schema as Keywords;
  if (!isPlainObject(root)) throw unfit('it is not an object that refuses unknown fields');
  const found = walk(root, [], repeatedIds);
  for (const id of repeatedIds) {
    if (!found.some(({ form, path }) => form === 'id' && path.join('.') === id))
      throw unfit(`${id} is not an id of it`);
  }
  const optionalCount = found.filter(({ optional }) => optional).length;
  const bits = optionalCount + found.filter(({ nullable }) => nullable).length;
  if (optionalCount > optionalFieldsMax || bits > maskBitsMax) throw unfit('too many of its fields are optional');
  let optionalBit = 0;
  let nullBit = optionalCount;
  const fields = found.map(
    ({ optional, nullable, ...field }): LayoutField => ({
      ...field,
      presentBit: optional ? 2 ** optionalBit++ : 0,
      nullBit: nullable ? 2 ** nullBit++ : 0,
    }),
  );
  return { fields, maskBits: 2 ** bits - 1, optionalCount };
}

type FoundField = FieldForm & {
  readonly path: readonly string[];
  readonly optional: boolean;
  readonly nullable: boolean;
};

function walk(object: Keywords, parents: readonly string[], repeatedIds: readonly string[]): FoundField[] {
  const { properties = {}, required = [] } = object;
  return Object.entries(properties).flatMap(([name, property]): FoundField[] => {
    const path = [...parents, name];
    const optional = !required.includes(name);
    if (!optional && isPlainObject(property)) return walk(property, path, repeatedIds);
    const inner = withoutNull(property);
    const form = formOf(inner ?? property, repeatedIds.includes(path.join('.')));
    if (form) return [{ ...form, path, optional, nullable: inner !== undefined }];
    return [{ form: 'loose', schema: property as TSchema, path, optional, nullable: false }];
  });
}

/** The other branch of a union of two with null. */
function withoutNull({ anyOf, ...others }: Keywords): Keywords | undefined {
  if (anyOf?.length !== 2 || Object.keys(others).length > 0) return undefined;
  return anyOf[1]?.type === 'null' ? anyOf[0] : undefined;
}

/** The fixed form of a schema, or undefined where only a compiled check of it is sure to be right. */
function formOf(schema: Keywords, isId: boolean): FieldForm | undefined {
  if (!hasOnlyKnownKeywords(schema)) return undefined;
  const { type, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  if (isWords(schema.enum)) return schema.enum.length <= wordsMax ? { form: 'word', words: schema.enum } : undefined;
  if (type === 'boolean') return { form: 'boolean' };
  if (type === 'number') return { form: 'float', minimum, maximum, integer: false };
  if (type === 'integer') {
    if (minimum >= 0 && maximum <= 0xffff) return { form: 'unsigned', minimum, maximum, width: 2 };
    if (minimum >= 0 && maximum <= 0xffff_ffff) return { form: 'unsigned', minimum, maximum, width: 4 };
    return { form: 'float', minimum, maximum, integer: true };
  }
  const { minLength = 0, maxLength = unitsMax } = schema;
  if (type !== 'string' || maxLength * 2 > unitsMax) return undefined;
  if (!isId) return { form: 'text', minLength, maxLength };
  return minLength === 1 ? { form: 'id', maxLength } : undefined;
}

function isWords(values: readonly unknown[] | undefined): values is readonly string[] {
  return values?.every((value) => typeof value === 'string') === true;
}

function isPlainObject(schema: Keywords): boolean {
  return schema.type === 'object' && schema.additionalProperties === false && hasOnlyKnownKeywords(schema);
}

/** TypeBox hides a refinement from the list of keys, where a keyword would stand. */
function hasOnlyKnownKeywords(schema: Keywords): boolean {
  return !('~refine' in schema) && Object.keys(schema).every((keyword) => knownKeywords.has(keyword));
}

function unfit(why: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `no fixed layout can be made of the schema: ${why}`);
}
