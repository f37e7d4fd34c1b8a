/**
 * The one table of error codes. A programmer's or operator's mistake throws an AcademyError with a stable code and,
 * where there is one, a remedy. A bad datagram is not an error: it has a DropReason and is counted.
 */
export const ACADEMY_ERRORS = {
  ERR_ACADEMY_ACTOR_MODULE: 'an actor module cannot be loaded or has no such export',
  ERR_ACADEMY_ACTOR_STOPPED: 'the actor has stopped or never existed',
  ERR_ACADEMY_ADMIN_REQUIRED: 'the call needs an administrator',
  ERR_ACADEMY_ANSWER_UNKNOWN: 'no persona has such an answer',
  ERR_ACADEMY_ASK_FAILED: 'the asked actor failed while answering',
  ERR_ACADEMY_BAD_ARGUMENT: 'an argument does not fit',
  ERR_ACADEMY_BASE_MISMATCH: 'a genome belongs to another base model',
  ERR_ACADEMY_COMMAND_DENIED: 'the command is not allowed for this caller',
  ERR_ACADEMY_COMMAND_FAILED: 'the command failed on the node that ran it',
  ERR_ACADEMY_COMMAND_UNKNOWN: 'no such command',
  ERR_ACADEMY_CONFIG_INVALID: 'the configuration has a bad value',
  ERR_ACADEMY_CONTROL: 'the running node did not answer on its control socket',
  ERR_ACADEMY_DATA_IN_USE: 'the data folder belongs to a running node',
  ERR_ACADEMY_DEADLINE: 'the deadline passed',
  ERR_ACADEMY_ENDPOINT_INVALID: 'the endpoint does not follow the grammar',
  ERR_ACADEMY_EVENT_INVALID: 'the data does not fit the schema of its event',
  ERR_ACADEMY_EVENT_UNKNOWN: 'no such event',
  ERR_ACADEMY_FILE_NOT_FOUND: 'a file is missing',
  ERR_ACADEMY_FILE_NOT_WRITTEN: 'a file cannot be written',
  ERR_ACADEMY_FOLDER_NOT_EMPTY: 'the folder holds something already',
  ERR_ACADEMY_GENOME_INVALID: 'a genome is damaged or not well-formed',
  ERR_ACADEMY_GENOME_NOT_FOUND: 'no such genome',
  ERR_ACADEMY_INTERNAL: 'a fault of the program itself',
  ERR_ACADEMY_KNOWLEDGE_INVALID: 'a knowledge pack has a bad line',
  ERR_ACADEMY_MACHINE_UNSUPPORTED: 'a machine uses what its tier cannot run',
  ERR_ACADEMY_MAILBOX_FULL: 'the mailbox of the actor is full',
  ERR_ACADEMY_MESSAGE_INVALID: 'the data of a message does not fit the schema of the actor',
  ERR_ACADEMY_MESSAGE_NOT_FOUND: 'no such message',
  ERR_ACADEMY_NAME_TAKEN: 'the name belongs to another actor',
  ERR_ACADEMY_NODE_NOT_RUNNING: 'no node runs on this data folder',
  ERR_ACADEMY_NODE_STOPPED: 'the node has stopped',
  ERR_ACADEMY_NODE_UNKNOWN: 'no such node in the mesh',
  ERR_ACADEMY_NOT_A_MEMBER: 'the participant is not a member of the room',
  ERR_ACADEMY_NOT_MOVABLE: 'the actor cannot be moved to that shard now',
  ERR_ACADEMY_PACKET_TOO_LARGE: 'the message is larger than any transport takes',
  ERR_ACADEMY_PORT_IN_USE: 'the port is in use',
  ERR_ACADEMY_RESTART_LIMIT: 'children fall more often than their supervisor allows',
  ERR_ACADEMY_ROOM_UNKNOWN: 'no such room',
  ERR_ACADEMY_SECRET_INVALID: 'the academy secret is unreadable or malformed',
  ERR_ACADEMY_SIGNALS_INVALID: 'a training file has a bad line',
  ERR_ACADEMY_SNAPSHOT_INVALID: 'an actor cannot be kept as it is, or what was kept of it cannot be read',
  ERR_ACADEMY_SNAPSHOT_VERSION: 'a snapshot was made by another version of the actor',
  ERR_ACADEMY_STORE: 'the store cannot be opened or written',
  ERR_ACADEMY_TRANSPORT_DUPLICATE: 'a transport of this name is registered already',
  ERR_ACADEMY_TRANSPORT_START: 'a transport cannot start',
  ERR_ACADEMY_TRANSPORT_UNKNOWN: 'no transport of this name',
} as const;

export type AcademyErrorCode = keyof typeof ACADEMY_ERRORS;

export interface AcademyErrorOptions {
  /** What the reader can do about it, as an imperative sentence. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

export class AcademyError extends Error {
  override readonly name = 'AcademyError';
  readonly code: AcademyErrorCode;
  readonly remedy: string | undefined;

  constructor(code: AcademyErrorCode, message: string, options: AcademyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
  }
}

/** An error as it crosses threads, sockets and `--json`. */
export interface ErrorRecord {
  readonly code: AcademyErrorCode;
  readonly message: string;
  readonly remedy?: string;
  /** Where the code of an actor has thrown it: `/home/me/bot.js:12:7`. For this node only. */
  readonly place?: string;
}

/** Turns anything thrown into a record; what has no code of ours gets `fallback`. */
export function toErrorRecord(thrown: unknown, fallback: AcademyErrorCode): ErrorRecord {
  if (thrown instanceof AcademyError) {
    return { code: thrown.code, message: thrown.message, ...(thrown.remedy ? { remedy: thrown.remedy } : {}) };
  }
  return { code: fallback, message: thrown instanceof Error ? thrown.message : inWords(thrown) };
}

/** Anything may be thrown, also what refuses to be turned into text. */
function inWords(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a thrown ${typeof thrown} that has no words`;
  }
}

/** Turns a record, possibly from a peer, back into an error; an unknown code becomes `fallback`. */
export function fromErrorRecord(record: unknown, fallback: AcademyErrorCode): AcademyError {
  if (typeof record !== 'object' || record === null) return new AcademyError(fallback, ACADEMY_ERRORS[fallback]);
  const { code, message, remedy } = record as Record<string, unknown>;
  return new AcademyError(
    typeof code === 'string' && Object.hasOwn(ACADEMY_ERRORS, code) ? (code as AcademyErrorCode) : fallback,
    typeof message === 'string' ? message.slice(0, 1000) : ACADEMY_ERRORS[fallback],
    { remedy: typeof remedy === 'string' ? remedy.slice(0, 1000) : undefined },
  );
}
