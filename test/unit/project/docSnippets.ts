/**
 * The code that the documents show, as modules that a compiler can look at. A comment before a block, which readers do
 * not see, says what it stands on, or gives it a name by which others import it:
 *
 * ```
 * <!-- compiled with: declare const counterModule: ActorModule; -->
 * <!-- compiled as: counter.ts -->
 * ```
 */
export interface Snippet {
  /** File name, in the one folder in which all snippets are. */
  readonly name: string;
  /** Document and line, for whoever has to mend it. */
  readonly place: string;
  readonly code: string;
}

const block = /((?:<!-- compiled (?:with|as): (?:(?!-->).)*-->\n)*)```(?:ts|js)\n(.*?)```\n/gs;

/** @param document as it is called in the repository, `docs/TESTING.md` */
export function docSnippets(document: string, text: string): Snippet[] {
  return [...text.matchAll(block)].map(({ 1: comments = '', 2: code = '', index }) => {
    const line = text.slice(0, index + comments.length).split('\n').length;
    const [with_] = saidIn(comments, 'with');
    const [name = `${document.replaceAll(/\W/g, '-')}-${line}.ts`] = saidIn(comments, 'as');
    // One line, so that the compiler's lines are those of the block, one further down.
    const given = (with_ ?? '').replaceAll('\n', ' ');
    return { name, place: `${document}:${line}`, code: `export {}; ${given}\n${code}` };
  });
}

function saidIn(comments: string, word: 'with' | 'as'): string[] {
  return [...comments.matchAll(new RegExp(`<!-- compiled ${word}: (.*?) -->`, 'gs'))].map(({ 1: said = '' }) => said);
}
