/** Which directive an error gets: by its code, by its name, by `*`, or by what a function says. */
import { AcademyError, type ErrorRecord } from '../../protocol/errors.js';
import type { Directive, Directives } from '../../protocol/supervision.js';

/**
 * @param errorName the thrown error's `name`, e.g. TypeError
 * @returns undefined when nothing was said about such an error, also by a function that throws: who decides about
 * faults must not add its own
 */
export function directiveFor(
  directives: Directives | undefined,
  error: ErrorRecord,
  errorName: string,
): Directive | undefined {
  if (directives === undefined) return undefined;
  if (typeof directives === 'function') return said(directives, error, errorName);
  for (const key of [error.code, errorName, '*']) if (Object.hasOwn(directives, key)) return directives[key];
  return undefined;
}

function said(
  directives: Extract<Directives, (...each: never[]) => unknown>,
  error: ErrorRecord,
  errorName: string,
): Directive | undefined {
  try {
    return directives(error, errorName);
  } catch {
    return undefined;
  }
}

/** Whether an actor may have to go on with the state before an error. */
export function goesOn(directives: Directives | undefined): boolean {
  if (directives === undefined) return false;
  if (typeof directives === 'function') return true;
  return Object.values(directives).some((directive) => directive === 'resume' || directive === 'restore');
}

const known = ['resume', 'restart', 'restore', 'stop', 'escalate'] as const;

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT that names the error for which there is no such directive */
export function assertDirectives(directives: Directives | undefined): void {
  if (directives === undefined || typeof directives === 'function') return;
  for (const [error, directive] of Object.entries(directives)) {
    if (known.includes(directive)) continue;
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `onError.${error}: it must be one of ${known.join(', ')}`);
  }
}
