/**
 * Parts of a machine that can be written out as code, so that what is done often becomes one function of its own. A part
 * that is not written is called.
 */
import type { Context } from './xstateShapes.js';

/** Gives a value a name in the code, where `step`, `context` and `event` are the step's. */
export type Bind = (value: unknown) => string;

/** @param context of the run for which the code is made: others of the machine look the same in most cases */
export type Writer = (bind: Bind, context: Context) => string;

export interface Written {
  /** Absent where the part is called. */
  readonly write?: Writer;
}

/** What an author's function that is content with it gets. */
export const plainArgsCode = '{ context, event }';

export function withCode<F extends (...args: never[]) => unknown>(part: F, write: Writer): F & Written {
  return Object.assign(part, { write });
}
