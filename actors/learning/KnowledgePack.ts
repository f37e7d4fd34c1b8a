// What a persona may answer: a list of questions with their answers, written by people as JSONL. Answer ids are global:
// a layer names the answers it speaks of, so it applies wherever a pack has some of them.

import { AcademyError } from '../../runtime/protocol/errors.js';
import { limits } from '../../runtime/protocol/limits.js';
import { Id, Phrase } from '../../runtime/protocol/schemas/shapes.js';
import Type, { Compile, type Static } from '../../runtime/protocol/typebox.js';

const KnowledgeLine = Type.Object({
  id: Id,
  /** The question, or the topic's name; what a text is first compared with. */
  title: Phrase,
  answer: Type.String({ minLength: 1, maxLength: limits.textCharactersMax }),
  /** Other ways to ask. */
  examples: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: limits.signalTextCharactersMax }), {
      maxItems: limits.listItemsMax,
    }),
  ),
  /** Name of the field of knowledge; genomes are exported and found by it. */
  capability: Type.Optional(Phrase),
});

/** One line of a pack. Fields that the project does not know are left alone, so packs may carry notes. */
export type KnowledgeItem = Static<typeof KnowledgeLine>;

const line = Compile(KnowledgeLine);

export class KnowledgePack {
  /** In the order of the file; an item's place is its row in scores and layers. */
  readonly items: readonly KnowledgeItem[];
  readonly #rows: ReadonlyMap<string, number>;

  /** @throws AcademyError ERR_ACADEMY_KNOWLEDGE_INVALID when there is no item, or two have one id. */
  constructor(items: readonly KnowledgeItem[]) {
    if (items.length === 0) throw invalid('the knowledge pack has no lines', 'Give it at least one question.');
    const rows = new Map<string, number>();
    for (const [row, { id }] of items.entries()) {
      if (rows.has(id))
        throw invalid(`two entries of the knowledge pack have the id "${id}"`, 'Give each an id of its own.');
      rows.set(id, row);
    }
    this.items = items;
    this.#rows = rows;
  }

  /** Row of an answer id, or −1 when this pack has no such answer. */
  rowOf(answerId: string): number {
    return this.#rows.get(answerId) ?? -1;
  }

  /** Names of the fields of knowledge, each once, in the order of the file. */
  get capabilities(): readonly string[] {
    return [...new Set(this.items.flatMap(({ capability }) => (capability === undefined ? [] : [capability])))];
  }
}

function invalid(message: string, remedy: string, cause?: unknown): AcademyError {
  return new AcademyError('ERR_ACADEMY_KNOWLEDGE_INVALID', message, { remedy, cause });
}

/**
 * Reads a pack from JSONL. Empty lines are skipped; anything else that is not an item is an error with its line number.
 *
 * ```ts
 * parseKnowledgePack('{"id":"pin","title":"change my PIN","answer":"In the app, under Card."}', 'bank.jsonl').items.length; // 1
 * ```
 *
 * @param source - Name of the file, for error messages.
 * @throws AcademyError ERR_ACADEMY_KNOWLEDGE_INVALID
 */
export function parseKnowledgePack(text: string, source: string): KnowledgePack {
  const items: KnowledgeItem[] = [];
  const lineOfId = new Map<string, number>();
  for (const [index, content] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (content.trim() === '') continue;
    const place = `${source} line ${index + 1}`;
    if (items.length === limits.knowledgeLinesMax) {
      throw invalid(`${place}: more than ${limits.knowledgeLinesMax} entries`, 'Split the pack, one persona each.');
    }
    const item = parseLine(content, place);
    const earlier = lineOfId.get(item.id);
    if (earlier !== undefined) {
      throw invalid(`${place}: the id "${item.id}" was given on line ${earlier}`, 'Give each entry an id of its own.');
    }
    lineOfId.set(item.id, index + 1);
    items.push(item);
  }
  if (items.length === 0)
    throw invalid(`${source} has no entries`, 'Write one {"id", "title", "answer"} object a line.');
  return new KnowledgePack(items);
}

function parseLine(content: string, place: string): KnowledgeItem {
  const shape = 'Write one JSON object a line: {"id": "...", "title": "...", "answer": "...", "examples": ["..."]}.';
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw invalid(`${place} is not JSON`, shape, cause);
  }
  if (line.Check(value)) return value;
  throw invalid(`${place}: ${faultOf(value)}`, shape);
}

function faultOf(value: unknown): string {
  const [first] = line.Errors(value);
  const { requiredProperties: missing = [] } = (first?.params ?? {}) as { requiredProperties?: readonly string[] };
  if (missing.length > 0) return `${missing.map((key) => `"${key}"`).join(' and ')} missing`;
  const field = first?.instancePath.replaceAll('/', '.').slice(1);
  return `${field ? `${field} ` : ''}${first?.message ?? 'does not fit'}`;
}
