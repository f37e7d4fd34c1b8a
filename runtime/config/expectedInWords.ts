/** What a schema of the configuration takes, in words for the person who wrote something else. */
import type { TSchema } from '../protocol/typebox.js';

/** The parts of JSON Schema that the configuration uses, and `expects`, which says in words what a pattern means. */
interface WrittenSchema {
  readonly type?: string;
  readonly expects?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: TSchema;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly patternProperties?: Readonly<Record<string, TSchema>>;
}

/** `a whole number from 0 to 64`. */
export function expectedInWords(schema: TSchema): string {
  const written = schema as WrittenSchema;
  if (written.expects !== undefined) return written.expects;
  if (written.enum) return `one of ${written.enum.join(', ')}`;
  switch (written.type) {
    case 'integer':
      return `a whole number from ${written.minimum} to ${written.maximum}`;
    case 'number':
      return `a number from ${written.minimum} to ${written.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return `a text of ${written.minLength ?? 0} to ${written.maxLength} characters`;
    case 'array':
      return `a list of at most ${written.maxItems}`;
    default:
      return written.properties ? `an object with ${Object.keys(written.properties).join(', ')}` : 'an object';
  }
}

/** @param keys the way from the schema to one of its parts; list places as digits */
export function schemaAt(schema: TSchema, keys: readonly string[]): TSchema | undefined {
  let place: TSchema | undefined = schema;
  for (const key of keys) {
    const { items, properties, patternProperties }: WrittenSchema = (place ?? {}) as WrittenSchema;
    place = items ?? properties?.[key] ?? Object.values(patternProperties ?? {})[0];
  }
  return place;
}
