/**
 * Flow tags: what a node says of itself when it joins a stream, so that a publisher can be paced by some of its members
 * and not by all, as in Aeron's tagged flow control.
 */
import { AcademyError } from './errors.js';

/** Bytes of the longest tag: its field in a request to join. */
export const flowTagBytes = 16;

export const flowTagPattern = '^[a-z0-9][a-z0-9-]{0,15}$';
const isTag = new RegExp(flowTagPattern);

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT */
export function checkFlowTag(tag: string): void {
  if (isTag.test(tag)) return;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${tag}" is no flow tag`, {
    remedy: 'use 1 to 16 small letters, digits and "-", beginning with a letter or digit',
  });
}

/** A field of `flowTagBytes`; without a tag all zeros. */
export function writeFlowTag(tag: string, target: Buffer, at: number): void {
  target.fill(0, at, at + flowTagBytes);
  target.write(tag, at, flowTagBytes, 'latin1');
}

/** @returns '' for none */
export function readFlowTag(bytes: Buffer, at: number): string {
  const field = bytes.toString('latin1', at, at + flowTagBytes);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}
