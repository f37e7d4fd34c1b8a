/** The main thread keeps a copy of its own of what an actor was spawned with, to start it again with. */
import type { ActorSpec } from '../protocol/actors.js';
import { AcademyError, toErrorRecord } from '../protocol/errors.js';

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for options that cannot be cloned */
export function cloneSpec(spec: ActorSpec): ActorSpec {
  try {
    return structuredClone(spec);
  } catch (cause) {
    const { message } = toErrorRecord(cause, 'ERR_ACADEMY_BAD_ARGUMENT');
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `the options of "${spec.name}" cannot be cloned: ${message}`, {
      remedy: 'give plain data, or use spawnLocal() for an actor that needs objects of the main thread',
      cause,
    });
  }
}
