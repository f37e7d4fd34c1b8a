/**
 * Schemas that an author declares for the messages of an actor: TypeBox or JSON Schema, or whatever speaks Standard
 * Schema (https://standardschema.dev), such as zod, valibot or arktype.
 */
import { AcademyError } from './errors.js';
import { Compile, type TSchema } from './typebox.js';

/** The part of Standard Schema that is used. */
export interface StandardSchema<T = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
    readonly types?: { readonly input: T; readonly output: T } | undefined;
  };
}

interface StandardResult {
  readonly issues?:
    | readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[]
    | undefined;
}

export type MessageSchema = TSchema | StandardSchema;

/** @returns what is wrong with the data, by the path of the field; null when it fits */
export type MessageCheck = (data: unknown) => string | null;

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a schema that is none */
export function compileMessageSchema(type: string, schema: MessageSchema): MessageCheck {
  if (typeof schema !== 'object' && typeof schema !== 'function') throw noSchema(type, 'it is no object');
  return isStandard(schema) ? standardCheck(type, schema) : typeBoxCheck(type, schema);
}

function typeBoxCheck(type: string, schema: TSchema): MessageCheck {
  let validator: ReturnType<typeof Compile>;
  try {
    validator = Compile(schema);
  } catch (cause) {
    throw noSchema(type, cause instanceof Error ? cause.message : String(cause), cause);
  }
  return (data) => {
    if (validator.Check(data)) return null;
    const [fault] = validator.Errors(data);
    return fault ? `${fault.instancePath || 'data'} ${fault.message}` : 'it does not fit';
  };
}

/** Machines take their messages in order, so a schema that answers later cannot be asked. */
function standardCheck(type: string, schema: StandardSchema): MessageCheck {
  return (data) => {
    const result = schema['~standard'].validate(data);
    if (result instanceof Promise) {
      // Its outcome is nobody's any more.
      result.catch(() => {});
      return `the schema of "${type}" is asynchronous, and messages are checked at once`;
    }
    const [issue] = result.issues ?? [];
    if (!issue) return null;
    const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('/');
    return `${path ? `/${path}` : 'data'} ${issue.message}`;
  };
}

function isStandard(schema: MessageSchema): schema is StandardSchema {
  return '~standard' in schema;
}

function noSchema(type: string, why: string, cause?: unknown): AcademyError {
  return new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `messages["${type}"]: it is no schema: ${why}`, {
    remedy: 'give a TypeBox schema, a JSON Schema, or a Standard Schema such as zod makes',
    cause,
  });
}
