/**
 * Breaks a valid payload in every way that its schema forbids, one at a time. The violations are derived from the
 * schema, so a bound that is added there is tested here without another line.
 */
import type { TSchema } from '../../../runtime/protocol/typebox.js';

export interface Violation {
  /** JSON pointer of the value that is wrong, e.g. `/signal/value`. */
  readonly path: string;
  readonly what: string;
  readonly payload: unknown;
}

/** What a schema of TypeBox says as JSON Schema. */
interface Keywords {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly patternProperties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly items?: TSchema;
  readonly anyOf?: readonly TSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

interface Broken {
  readonly path: string;
  readonly what: string;
  readonly value: unknown;
}

export function schemaViolations(schema: TSchema, valid: unknown): Violation[] {
  return breaksOf(schema as Keywords, valid, '').map(({ path, what, value }) => ({ path, what, payload: value }));
}

function breaksOf(schema: Keywords, valid: unknown, path: string): Broken[] {
  const here = (what: string, value: unknown): Broken => ({ path, what, value });
  const wrongTypes = wrongTypesFor(schema).map((value) => here(`is ${spoken(value)}`, value));
  return [...wrongTypes, ...boundsOf(schema, valid, here), ...inside(schema, valid, path)];
}

function wrongTypesFor(schema: Keywords): unknown[] {
  const everything: unknown[] = ['text', 7, true, null, [1], { other: 1 }, new Uint8Array(3)];
  return everything.filter((value) => !couldBe(schema, value));
}

/** Whether the value has the type that the schema asks for; its bounds are another matter. */
function couldBe(schema: Keywords, value: unknown): boolean {
  if (schema.anyOf) return schema.anyOf.some((branch) => couldBe(branch as Keywords, value));
  if (schema.enum) return schema.enum.includes(value);
  if ('const' in schema) return schema.const === value;
  if (isBytes(schema)) return value instanceof Uint8Array;
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return typeof value === schema.type;
    case 'number':
    case 'integer':
      return typeof value === 'number';
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    default:
      // Bytes and lists have no field that an object of ours could miss, and unknown fields are tried below.
      return typeof value === 'object' && value !== null && !Array.isArray(value) && schema.properties === undefined;
  }
}

function boundsOf(schema: Keywords, valid: unknown, here: (what: string, value: unknown) => Broken): Broken[] {
  const broken: Broken[] = [];
  const { minLength, maxLength, minItems, maxItems, minimum, maximum, exclusiveMinimum } = schema;
  if (minLength) broken.push(here('is too short', 'x'.repeat(minLength - 1)));
  if (maxLength !== undefined) broken.push(here('is too long', 'x'.repeat(maxLength + 1)));
  if (schema.enum) broken.push(here('is an unknown word', 'no-such-word'), here('is an empty word', ''));
  if (Array.isArray(valid)) {
    const filled = (length: number): unknown[] => Array.from({ length }, (_, index) => valid[index % valid.length]);
    if (minItems) broken.push(here('has too few items', filled(minItems - 1)));
    if (maxItems !== undefined) broken.push(here('has too many items', filled(maxItems + 1)));
  }
  if (schema.type === 'number' || schema.type === 'integer') {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      broken.push(here(`is ${value}`, value));
    }
    const step = schema.type === 'integer' ? 1 : 1e-6;
    if (minimum !== undefined) broken.push(here('is below the minimum', minimum - step));
    if (exclusiveMinimum !== undefined) broken.push(here('is at the excluded minimum', exclusiveMinimum));
    if (maximum !== undefined) broken.push(here('is above the maximum', above(maximum, step)));
    if (schema.type === 'integer') broken.push(here('is a fraction', (valid as number) + 0.5));
  }
  if (isBytes(schema)) {
    const [shortest, longest] = byteBounds(schema);
    broken.push(here('has a byte too many', new Uint8Array(longest + 1)));
    if (shortest > 0) broken.push(here('has a byte too few', new Uint8Array(shortest - 1)));
    broken.push(
      here(
        'is a list of bytes',
        Array.from({ length: longest }, () => 1),
      ),
    );
  }
  return broken;
}

/** The next value above, also where numbers lie further apart than one. */
function above(maximum: number, step: number): number {
  return maximum + step > maximum ? maximum + step : maximum * (1 + 2 * Number.EPSILON);
}

function inside(schema: Keywords, valid: unknown, path: string): Broken[] {
  if (schema.anyOf) {
    const branch = schema.anyOf.find((candidate) => couldBe(candidate as Keywords, valid)) as Keywords | undefined;
    return branch
      ? [...boundsOf(branch, valid, (what, value) => ({ path, what, value })), ...inside(branch, valid, path)]
      : [];
  }
  if (Array.isArray(valid) && schema.items) {
    const [first, ...rest] = valid;
    return breaksOf(schema.items as Keywords, first, `${path}/0`).map((broken) => ({
      ...broken,
      value: [broken.value, ...rest],
    }));
  }
  if (schema.patternProperties) {
    const [itemSchema] = Object.values(schema.patternProperties) as Keywords[];
    const [[key, item] = ['', undefined]] = Object.entries(valid as Record<string, unknown>);
    if (!itemSchema) return [];
    return breaksOf(itemSchema, item, `${path}/${key}`).map((broken) => ({
      ...broken,
      value: { [key]: broken.value },
    }));
  }
  if (!schema.properties) return [];
  const record = valid as Record<string, unknown>;
  const broken: Broken[] = [
    { path: `${path}/unknownField`, what: 'is not known', value: { ...record, unknownField: 1 } },
  ];
  for (const [key, child] of Object.entries(schema.properties)) {
    if (!(key in record)) throw new Error(`the example lacks ${path}/${key}, so its bounds would go untested`);
    if (schema.required?.includes(key)) {
      const { [key]: _, ...without } = record;
      broken.push({ path: `${path}/${key}`, what: 'is missing', value: without });
    }
    for (const deeper of breaksOf(child as Keywords, record[key], `${path}/${key}`)) {
      broken.push({ ...deeper, value: { ...record, [key]: deeper.value } });
    }
  }
  return broken;
}

/** A binary field carries no keyword but its description; see Bytes() in schemas/shapes.ts. */
function isBytes(schema: Keywords): boolean {
  return schema.type === undefined && /^bytes, \d+ to \d+$/.test(schema.description ?? '');
}

function byteBounds(schema: Keywords): [shortest: number, longest: number] {
  const [shortest, longest] = (schema.description ?? '').match(/\d+/g) ?? [];
  return [Number(shortest), Number(longest)];
}

function spoken(value: unknown): string {
  return value instanceof Uint8Array ? 'bytes' : JSON.stringify(value);
}
