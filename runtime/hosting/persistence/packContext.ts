/**
 * The only two places where a definition's contextCodec is called: on the way to an image, and back from one. An actor
 * without a codec is its own image.
 */
import type { ActorDefinition, ActorInput } from '../../protocol/actors.js';
import { AcademyError, toErrorRecord } from '../../protocol/errors.js';
import { assertPlainData } from './assertPlainData.js';

/** @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID; ERR_ACADEMY_NOT_MOVABLE when the codec says that */
export function packContext({ contextCodec }: ActorDefinition, context: unknown): unknown {
  if (!contextCodec) return context;
  let packed: unknown;
  try {
    packed = contextCodec.pack(context);
  } catch (cause) {
    if (cause instanceof AcademyError && cause.code === 'ERR_ACADEMY_NOT_MOVABLE') throw cause;
    throw fault('packed', cause, 'mend contextCodec.pack of its definition: it is to give plain data for any context');
  }
  assertPlainData(packed, 'packed');
  return packed;
}

/** @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID */
export function unpackContext({ contextCodec }: ActorDefinition, packed: unknown, input: () => ActorInput): unknown {
  if (!contextCodec) return packed;
  try {
    return contextCodec.unpack(packed, input());
  } catch (cause) {
    const remedy =
      'mend contextCodec.unpack of its definition; for what pack gave earlier, raise snapshotVersion and migrate';
    throw fault('unpacked', cause, remedy);
  }
}

function fault(what: 'packed' | 'unpacked', cause: unknown, remedy: string): AcademyError {
  const { message } = toErrorRecord(cause, 'ERR_ACADEMY_SNAPSHOT_INVALID');
  return new AcademyError('ERR_ACADEMY_SNAPSHOT_INVALID', `the context of an actor cannot be ${what}: ${message}`, {
    remedy,
    cause,
  });
}
