import type { Clock } from '../protocol/Clock.js';
import { AcademyError } from '../protocol/errors.js';

/**
 * Settles as the work does, or fails when the time is up, whatever the work then does.
 * @param deadlineMs milliseconds from now
 * @throws AcademyError ERR_ACADEMY_DEADLINE naming `what`
 */
export async function withDeadline<T>(clock: Clock, deadlineMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: unknown;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimeout(() => {
      reject(new AcademyError('ERR_ACADEMY_DEADLINE', `${what} took longer than ${Math.round(deadlineMs)} ms`));
    }, deadlineMs);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clock.clearTimeout(timer);
  }
}
