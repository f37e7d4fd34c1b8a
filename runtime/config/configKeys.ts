/**
 * The configuration as a flat list of keys (`udp.port`): joining the sources and telling where a value came from go by
 * these, not by nested objects.
 */

import { AcademyError } from '../protocol/errors.js';
import type { TSchema } from '../protocol/typebox.js';
import { AcademyConfigSchema } from './academyConfig.js';
import { environmentVariables } from './environmentVariables.js';
import { foundInWords } from './foundInWords.js';
import { nearestWord } from './nearestWord.js';

interface ObjectSchema extends TSchema {
  readonly properties: Readonly<Record<string, TSchema>>;
}

export interface ConfigKey {
  readonly path: string;
  readonly description: string;
  /** The environment variable that sets it, if there is one. */
  readonly variable?: string;
}

/** All keys with their descriptions, in the order of the schema: what `academy config` prints. */
export function configKeys(): readonly ConfigKey[] {
  return leafSchemas().map(([path, schema]) => {
    const variable = environmentVariables.find((candidate) => candidate.path === path);
    const description = (schema as { description?: string }).description ?? '';
    return { path, description, ...(variable ? { variable: variable.name } : {}) };
  });
}

/** Groups of keys, such as `udp`, that may stand in a configuration. */
export const configGroups: readonly string[] = Object.entries((AcademyConfigSchema as ObjectSchema).properties)
  .filter(([, schema]) => isGroup(schema))
  .map(([key]) => key);

function isGroup(schema: TSchema | undefined): schema is ObjectSchema {
  return schema !== undefined && 'properties' in schema;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Schema by path, groups opened. */
export function leafSchemas(
  schema = AcademyConfigSchema as ObjectSchema,
  prefix = '',
): [path: string, schema: TSchema][] {
  return Object.entries(schema.properties).flatMap(([key, child]) => {
    const path = prefix + key;
    return isGroup(child) ? leafSchemas(child, `${path}.`) : [[path, child] as [string, TSchema]];
  });
}

/**
 * The values of a nested configuration by path. Keys that the schema does not know are refused here, because joining
 * would lose where they stood.
 */
export function leavesOf(value: unknown, source: string): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  const faults: string[] = [];
  const visit = (node: unknown, schema: ObjectSchema, prefix: string): void => {
    if (!isPlainObject(node)) {
      faults.push(`${prefix.slice(0, -1) || 'the configuration'} must be an object, not ${foundInWords(node)}`);
      return;
    }
    let isListed = false;
    for (const [key, child] of Object.entries(node)) {
      const childSchema = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      if (!childSchema) {
        const known = Object.keys(schema.properties);
        const near = nearestWord(key, known);
        faults.push(unknownKey(prefix + key, near, isListed ? [] : known));
        isListed ||= near === undefined;
      } else if (child === undefined) continue;
      else if (isGroup(childSchema)) visit(child, childSchema, `${prefix}${key}.`);
      else {
        leaves.set(prefix + key, child);
        faults.push(...unknownKeysOfItems(child, childSchema, prefix + key));
      }
    }
  };
  visit(value, AcademyConfigSchema as ObjectSchema, '');
  if (faults.length === 0) return leaves;
  throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `${source}: ${faults.join('; ')}`, {
    remedy: 'see "academy config" for all keys',
  });
}

function unknownKeysOfItems(value: unknown, schema: TSchema, path: string): string[] {
  const items = (schema as { items?: TSchema }).items;
  if (!Array.isArray(value) || !isGroup(items)) return [];
  const known = Object.keys(items.properties);
  return value.flatMap((item: unknown, index) =>
    isPlainObject(item)
      ? Object.keys(item)
          .filter((key) => !known.includes(key))
          .map((key) => unknownKey(`${path}[${index}].${key}`, nearestWord(key, known), known))
      : [],
  );
}

/** @param known keys to list; empty when they have been told already */
function unknownKey(path: string, near: string | undefined, known: readonly string[]): string {
  const hint = near ? `; did you mean "${near}"?` : `; known here are ${known.join(', ')}`;
  return `there is no key ${path}${near || known.length > 0 ? hint : ''}`;
}
