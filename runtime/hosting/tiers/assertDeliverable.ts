/** Keeps events that only XState may send from whoever sends to a machine. */
import type { AnyEventObject } from 'xstate';
import { AcademyError } from '../../protocol/errors.js';
import { isDeliverable } from '../mailboxes/isDeliverable.js';

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT */
export function assertDeliverable(event: AnyEventObject): void {
  const type: unknown = event?.type;
  if (isDeliverable(type)) return;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${String(type)}" cannot be the type of a message`);
}
