/** Valid values of an event's schema for property tests, with texts in many scripts and at both ends of their bounds. */
import fc from 'fast-check';
import type { AcademyEventData } from '../../../../runtime/protocol/events.js';
import { requireEvent } from '../../../../runtime/protocol/events.js';
import { type HotEventName, hotEvents } from '../../../../runtime/protocol/layout/hotEvents.js';

interface Keywords {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Keywords[];
  readonly items?: Keywords;
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export const hotEventNames = Object.keys(hotEvents) as HotEventName[];

export function valuesOf<N extends HotEventName>(name: N): fc.Arbitrary<AcademyEventData[N]> {
  return arbitraryOf(requireEvent(name).schema) as fc.Arbitrary<AcademyEventData[N]>;
}

/** Well-formed texts: ASCII, Latin-1, other scripts, pairs of surrogates. */
function texts(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const common = { minLength, maxLength: Math.min(maxLength, 40) };
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ ...common, unit: 'grapheme-ascii' }) },
    { weight: 1, arbitrary: fc.string({ ...common, unit: fc.constantFrom('é', 'ß', 'ÿ', '\u0080', 'a', '\0') }) },
    { weight: 1, arbitrary: fc.string({ ...common, unit: 'binary' }) },
    { weight: 1, arbitrary: fc.string({ ...common, unit: fc.constantFrom('👍', '漢', 'Ł', 'a', '\ufffd') }) },
    { weight: 1, arbitrary: fc.constantFrom('x'.repeat(maxLength), '👍'.repeat(maxLength), 'x'.repeat(minLength)) },
  );
}

function arbitraryOf(schema: Keywords): fc.Arbitrary<unknown> {
  const { minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE } = schema;
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(arbitraryOf));
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.maxSafeInteger().map((any) => Math.min(maximum, Math.max(minimum, Math.abs(any))));
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true });
    case 'string':
      return texts(schema.minLength ?? 0, schema.maxLength ?? 100);
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}), { maxLength: 4 });
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const fields = Object.entries(properties).map(([key, child]) => [key, arbitraryOf(child)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...required], noNullPrototype: true });
    }
    default:
      throw new Error(`no values of ${JSON.stringify(schema)}`);
  }
}
