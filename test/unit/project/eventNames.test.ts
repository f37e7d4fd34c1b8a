import t from 'tap';
import ts from 'typescript';
import { ACADEMY_EVENTS } from '../../../runtime/protocol/events.js';
import { readProjectSources, type SourceFile } from './projectSources.js';

const declared: ReadonlySet<string> = new Set(Object.values(ACADEMY_EVENTS));

/** A whole event name, or the beginning of one up to a dot, as a routing rule has it; `academy.config.ts` is a file. */
const EVENT_NAME = /^academy(?!\.config\.)(\.[a-z][a-z-]*){2,}$/;

/** The texts in a file that look like event names and are neither declared nor the beginning of a declared one. */
function undeclaredNames(file: SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && EVENT_NAME.test(node.text) && !isDeclared(node.text)) {
      found.push(`${file.path}: ${node.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true));
  return found;
}

function isDeclared(name: string): boolean {
  return declared.has(name) || [...declared].some((event) => event.startsWith(`${name}.`));
}

t.test('every event name in the sources is declared in ACADEMY_EVENTS', async (t) => {
  t.strictSame(readProjectSources().flatMap(undeclaredNames), []);
});

t.test('a name that nobody declared is found', async (t) => {
  const text = "emit('academy.chat.mesage', {}); match('academy.persona.capability'); load('academy.config.ts');";
  t.strictSame(undeclaredNames({ path: 'a.ts', text }), ['a.ts: academy.chat.mesage']);
});
