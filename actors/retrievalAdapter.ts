/**
 * A model that writes nothing: it answers with the entry of its knowledge pack that a question resembles most, and
 * with nothing when none does. Deterministic, without download or network; the model of an AI assistant until another
 * is configured.
 */
import { AcademyError } from '../runtime/protocol/errors.js';
import { parseKnowledgePack } from './learning/KnowledgePack.js';
import { loadBaseModel } from './learning/loadBaseModel.js';
import { TitleIndex } from './learning/TitleIndex.js';
import type { ModelAdapter } from './ModelAdapter.js';

export interface RetrievalOptions {
  /** A knowledge pack: JSONL text. */
  readonly knowledge: string;
  /** Resemblance (cosine, 0 to 1) below which it says nothing. @default 0.15 */
  readonly resemblanceMin?: number;
}

const resemblanceMinDefault = 0.15;

/** @throws AcademyError ERR_ACADEMY_KNOWLEDGE_INVALID, ERR_ACADEMY_BAD_ARGUMENT */
export function retrievalAdapter(options: unknown): ModelAdapter {
  const { knowledge, resemblanceMin = resemblanceMinDefault } = retrievalOptionsOf(options);
  const pack = parseKnowledgePack(knowledge, 'the knowledge of the retrieval adapter');
  const base = loadBaseModel();
  const index = new TitleIndex(pack, base);
  const cosines = new Float32Array(pack.items.length);
  return {
    name: `retrieval over ${pack.items.length} answers`,
    respond: async ({ question }) => {
      index.cosines(base.features(question), cosines);
      const row = cosines.reduce((best, cosine, place) => (cosine > (cosines[best] as number) ? place : best), 0);
      const item = pack.items[row];
      const confidence = Math.min(1, cosines[row] ?? 0);
      return item && confidence >= resemblanceMin ? { text: item.answer, confidence, answerId: item.id } : null;
    },
  };
}

function retrievalOptionsOf(options: unknown): RetrievalOptions {
  if (typeof options === 'object' && options !== null) {
    const { knowledge, resemblanceMin } = options as Partial<RetrievalOptions>;
    if (typeof knowledge === 'string') {
      return { knowledge, ...(typeof resemblanceMin === 'number' ? { resemblanceMin } : {}) };
    }
  }
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'the retrieval adapter needs { knowledge: JSONL text }');
}
