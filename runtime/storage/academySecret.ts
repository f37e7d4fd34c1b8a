/**
 * The secret of an academy, which makes a node a member. A user's first node makes it, in the user's config folder,
 * where all nodes of that user on the machine find it; another machine is given it as a ticket, a line to copy.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AcademyError } from '../protocol/errors.js';
import { secretBytes } from '../protocol/identity.js';
import type { Random } from '../protocol/Random.js';
import { createWhole } from './createWhole.js';
import { makeFolder } from './makeFolder.js';
import { academyIdPattern, academySecretFile, requireAcademyId, type Surroundings } from './userPaths.js';

export interface SecretOptions extends Surroundings {
  /** The system's own source, except in tests. */
  readonly random: Random;
}

const secretPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * The academy's secret, made if this user has none yet. Nodes that start at the same moment agree on one.
 * @returns 32 bytes
 * @throws AcademyError ERR_ACADEMY_SECRET_INVALID when the file is malformed or open to other users
 */
export function openAcademySecret(academyId: string, options: SecretOptions): Uint8Array {
  const file = academySecretFile(academyId, options);
  const existing = readSecret(file);
  if (existing) return existing;
  createSecret(file, options.random.bytes(secretBytes), options.random);
  const made = readSecret(file);
  if (made) return made;
  throw unusable(file, 'it was removed while the node started');
}

/**
 * Takes the secret from another machine's ticket, before the first `academy up` here.
 * @returns the ticket's academy id
 * @throws AcademyError ERR_ACADEMY_SECRET_INVALID for a bad ticket, or when this user has another secret already
 */
export function joinAcademy(ticket: string, options: SecretOptions): string {
  const { academyId, secret } = parseTicket(ticket);
  const file = academySecretFile(academyId, options);
  createSecret(file, secret, options.random);
  if (Buffer.compare(readSecret(file) ?? Buffer.alloc(0), secret) === 0) return academyId;
  throw new AcademyError('ERR_ACADEMY_SECRET_INVALID', `${file} holds another secret for academy "${academyId}"`, {
    remedy: `move ${file} away if you want to leave that academy for this one`,
  });
}

/** A line that makes another machine a member: `academy:<academyId>:<secret in base64url>`. Whoever has it may join. */
export function formatTicket(academyId: string, secret: Uint8Array): string {
  return `academy:${requireAcademyId(academyId)}:${Buffer.from(secret).toString('base64url')}`;
}

/** @throws AcademyError ERR_ACADEMY_SECRET_INVALID */
export function parseTicket(ticket: string): { academyId: string; secret: Uint8Array } {
  const [scheme, academyId = '', secretText = '', ...rest] = ticket.trim().split(':');
  const secret = decodeSecret(secretText);
  if (scheme !== 'academy' || !academyIdPattern.test(academyId) || !secret || rest.length > 0) {
    // The ticket itself is not repeated: it would land in logs.
    throw new AcademyError('ERR_ACADEMY_SECRET_INVALID', 'this is not a ticket', {
      remedy: 'copy the whole line academy:<academy>:<secret> from the other machine',
    });
  }
  return { academyId, secret };
}

/** @returns undefined when there is no such file */
function readSecret(file: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new AcademyError('ERR_ACADEMY_SECRET_INVALID', `the academy secret ${file} can be read by other users`, {
      remedy: `run: chmod 600 ${file}`,
    });
  }
  const secret = decodeSecret(text.trim());
  if (secret) return secret;
  throw unusable(file, `it does not hold ${secretBytes} bytes in base64url`);
}

function decodeSecret(text: string): Uint8Array | undefined {
  if (!secretPattern.test(text)) return undefined;
  const secret = new Uint8Array(Buffer.from(text, 'base64url'));
  return secret.length === secretBytes && Buffer.from(secret).toString('base64url') === text ? secret : undefined;
}

function createSecret(file: string, secret: Uint8Array, random: Random): void {
  try {
    makeFolder(dirname(file));
    createWhole(file, `${Buffer.from(secret).toString('base64url')}\n`, random);
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unusable(file: string, reason: string, cause?: unknown): AcademyError {
  return new AcademyError('ERR_ACADEMY_SECRET_INVALID', `the academy secret ${file} cannot be used: ${reason}`, {
    remedy: `restore ${file}, or remove it: the next start makes a new secret, and other machines need a new ticket`,
    cause,
  });
}
