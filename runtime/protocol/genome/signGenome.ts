// Who vouches for a genome: an Ed25519 signature over its id, by the key of the node that made it.

import { AcademyError } from '../errors.js';
import { importPublicKey, type NodeId, type NodeIdentity, nodeIdOf, verifySignature } from '../identity.js';
import type { Genome, GenomeManifest } from './Genome.js';
import { genomeIdOf } from './genomeIdOf.js';

/** The purpose stands before the id, so that a signature made for something else cannot be passed off as this. */
const signedBytes = ({ id }: GenomeManifest): Uint8Array => new TextEncoder().encode(`academy-genome/1 ${id}`);

/** A copy of the genome with the node's signature; the id stays the same. */
export function signGenome({ manifest, layer }: Genome, identity: Pick<NodeIdentity, 'publicKey' | 'sign'>): Genome {
  const signature = {
    publicKey: Buffer.from(identity.publicKey).toString('base64url'),
    signature: Buffer.from(identity.sign(signedBytes(manifest))).toString('base64url'),
  };
  return { manifest: { ...manifest, signature }, layer };
}

/**
 * Node id of the key that signed a genome, or null when it is unsigned.
 *
 * @throws AcademyError ERR_ACADEMY_GENOME_INVALID when the content is not what the id says, or the signature is not of
 *   this id and key.
 */
export function verifyGenome({ manifest, layer }: Genome): NodeId | null {
  const { signature, id } = manifest;
  if (genomeIdOf(manifest, layer) !== id) {
    throw new AcademyError('ERR_ACADEMY_GENOME_INVALID', `the genome's content is not what the id ${id} says`);
  }
  if (signature === undefined) return null;
  const publicKey = Buffer.from(signature.publicKey, 'base64url');
  if (
    !verifySignature(importPublicKey(publicKey), signedBytes(manifest), Buffer.from(signature.signature, 'base64url'))
  ) {
    throw new AcademyError('ERR_ACADEMY_GENOME_INVALID', `the signature of genome ${id} does not match its key`);
  }
  return nodeIdOf(publicKey);
}
