// The frozen part that personas share: the n-gram scheme and a table of how rare each bucket is. Its sha256 stands in
// every genome, because a layer means something only over the very same features. Built once from unlabelled texts.

import { createHash } from 'node:crypto';
import { AcademyError } from '../../runtime/protocol/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../runtime/protocol/genome/safetensors.js';
import { FEATURE_BUCKETS } from './featureHash.js';
import { createFeatureExtractor, distinctBuckets, FEATURE_SCHEME, type SparseVector } from './features.js';

/**
 * Opened base model. One instance serves every persona of a thread; it has no state that a caller can see.
 *
 * ```ts
 * const base = new BaseModel(await readFile('data/base-model/base-model.safetensors'));
 * base.features('how do I say hello in French'); // { indices: Uint32Array, values: Float32Array }
 * ```
 */
export class BaseModel {
  /** Name for people, such as `academy-ngrams-1-clinc150`. */
  readonly id: string;
  /** Hex sha256 of the whole file: what must match between nodes. */
  readonly sha256: string;
  /** Texts that the table was counted on. */
  readonly documents: number;
  /** φ(text): sparse, of length 1, or empty for a text without words. About 35 µs for a question. */
  readonly features: (text: string) => SparseVector;

  /**
   * @param bytes - Content of a file written by {@link encodeBaseModel}.
   * @throws AcademyError ERR_ACADEMY_BASE_MISMATCH when the file is damaged or made for another n-gram scheme.
   */
  constructor(bytes: Uint8Array) {
    const { counts, documents, id } = decodeBaseModel(bytes);
    this.id = id;
    this.documents = documents;
    this.sha256 = createHash('sha256').update(bytes).digest('hex');
    this.features = createFeatureExtractor(inverseDocumentFrequency(counts, documents));
  }
}

/** idf = ln((N + 1) / (df + 1)) + 1: finite and positive for buckets that no text of the N had. */
function inverseDocumentFrequency(counts: Uint16Array, documents: number): Float32Array {
  return Float32Array.from(counts, (count) => Math.log((documents + 1) / (count + 1)) + 1);
}

const DOCUMENTS_MAX = 65_535;

/**
 * Counts in how many of the texts each bucket occurs, and encodes the table as a base model file (safetensors: one U16
 * tensor `document_frequency` [65536], and metadata). Equal texts in any order give equal bytes.
 *
 * @param id - Name for people, 1 … 128 characters.
 * @param texts - 1 … 65,535 texts; labels are not needed and not wanted.
 *
 * @public scripts/build-base-model.mjs loads it from the build.
 */
export function encodeBaseModel(id: string, texts: Iterable<string>): Uint8Array {
  const counts = new Uint16Array(FEATURE_BUCKETS);
  let documents = 0;
  for (const text of texts) {
    documents++;
    if (documents > DOCUMENTS_MAX) throw new RangeError(`a base model is counted on at most ${DOCUMENTS_MAX} texts`);
    for (const bucket of distinctBuckets(text)) (counts[bucket] as number) += 1;
  }
  const tensors = new Map([['document_frequency', { dtype: 'U16' as const, shape: [FEATURE_BUCKETS], data: counts }]]);
  const metadata = new Map([
    ['id', id],
    ['scheme', FEATURE_SCHEME],
    ['documents', String(documents)],
  ]);
  return encodeSafetensors(tensors, metadata);
}

function decodeBaseModel(bytes: Uint8Array): { id: string; documents: number; counts: Uint16Array } {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new AcademyError('ERR_ACADEMY_BASE_MISMATCH', `the base model cannot be used: ${reason}`, {
      cause,
      remedy: 'Restore data/base-model from the package, or build it again with scripts/build-base-model.mjs.',
    });
  };
  const file = (() => {
    try {
      return decodeSafetensors(bytes);
    } catch (cause) {
      return refuse('the file is damaged', cause);
    }
  })();
  const scheme = file.metadata.get('scheme');
  if (scheme !== FEATURE_SCHEME) refuse(`it was made for the features ${scheme}, not ${FEATURE_SCHEME}`);
  const table = file.tensors.get('document_frequency');
  if (!(table?.data instanceof Uint16Array) || table.data.length !== FEATURE_BUCKETS) return refuse('it has no table');
  const documents = Number(file.metadata.get('documents'));
  if (!Number.isSafeInteger(documents) || documents < 1) refuse('its count of texts is missing');
  return { id: file.metadata.get('id') ?? 'unnamed', documents, counts: table.data };
}
