/**
 * The rules on who may import whom and who may touch the outside world, as functions from sources to violations. They
 * read the syntax tree, so that comments and texts do not count.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './projectSources.js';

/**
 * The parts of the project, and which other parts each may import. `runtime` beyond `protocol`, `actors` and
 * `transports` know nothing of one another, so that each can be replaced, and run under virtual time, by itself.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'runtime/protocol': [],
  runtime: ['runtime/protocol'],
  actors: ['runtime/protocol'],
  transports: ['runtime/protocol'],
  packageRoot: [],
  // Joins the parts to a running node.
  node: ['runtime/protocol', 'runtime', 'actors', 'transports', 'packageRoot'],
  // The benchmarks are part of the package: users call runLoadBenchmark().
  index: ['runtime/protocol', 'runtime', 'actors', 'transports', 'node', 'benchmarks'],
  testing: ['runtime/protocol', 'runtime', 'actors', 'transports', 'node', 'index'],
  // The command line's one door to what index.ts does not make public.
  'cli/library': ['runtime/protocol', 'runtime', 'actors', 'transports', 'node', 'packageRoot'],
  cli: ['index', 'testing', 'benchmarks', 'cli/library', 'packageRoot'],
  examples: ['index', 'testing'],
  benchmarks: ['runtime/protocol', 'runtime', 'actors', 'transports', 'node', 'index', 'testing', 'packageRoot'],
};

const CORE = ['runtime/protocol', 'runtime', 'actors', 'transports'];
const SOCKET_MODULES = /^(node:)?(dgram|net|tls|https?|http2)$/;

/** The part that a file belongs to, or undefined for a file that no rule speaks of. */
function partOf(path: string): string | undefined {
  if (path.startsWith('runtime/protocol/')) return 'runtime/protocol';
  if (path === 'cli/library.ts') return 'cli/library';
  const first = path.split('/')[0]?.replace(/\.ts$/, '') ?? '';
  return first in MAY_IMPORT ? first : undefined;
}

/** One line for each import that the rules forbid: `actors/x.ts imports runtime/mesh/y.ts`. */
export function importViolations(file: SourceFile): string[] {
  const own = partOf(file.path);
  if (own === undefined) return [];
  return importedModules(file).flatMap((specifier) => {
    if (!specifier.startsWith('.')) return libraryViolations(file.path, own, specifier);
    const target = posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts');
    const part = partOf(target);
    const allowed = part !== undefined && (part === own || MAY_IMPORT[own]?.includes(part) === true);
    return allowed ? [] : [`${file.path} imports ${target}`];
  });
}

function libraryViolations(path: string, part: string, specifier: string): string[] {
  // Benchmarks may measure against it.
  if (specifier === 'msgpackr' && path !== 'runtime/protocol/MessageCodec.ts' && part !== 'benchmarks') {
    return [`${path} imports msgpackr, which is MessageCodec's alone`];
  }
  if (/^typebox(\/|$)/.test(specifier) && path !== 'runtime/protocol/typebox.ts') {
    return [`${path} imports ${specifier}, which only runtime/protocol/typebox.ts does: it is bundled`];
  }
  if (SOCKET_MODULES.test(specifier) && CORE.includes(part) && part !== 'transports') {
    return [`${path} imports ${specifier}: sockets live in transports`];
  }
  return [];
}

/** The modules that a file imports: statically, dynamically, re-exported, as a type, or by `new URL` for a worker. */
function importedModules(file: SourceFile): string[] {
  const found: string[] = [];
  const literal = (node: ts.Node | undefined) => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push(node.text);
  };
  visit(file, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) literal(node.moduleSpecifier);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) literal(node.argument.literal);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      literal(node.arguments[0]);
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'URL') {
      const [module, base] = node.arguments ?? [];
      if (base?.getText() === 'import.meta.url' && /\.js['"`]$/.test(module?.getText() ?? '')) literal(module);
    }
  });
  return found;
}

/** What reads the time or rolls dice. `new Date(ms)` only formats a time that one was given. */
const CLOCKS_AND_DICE = /^(Date\.now|performance\.now|process\.hrtime(\.bigint)?|Math\.random)$/;

/**
 * One line for each place in `runtime` or `actors` that reads the clock or rolls dice outside `runtime/system/`, and
 * for each use of the console in what ships as a library.
 */
export function ambientViolations(file: SourceFile): string[] {
  const part = partOf(file.path);
  if (part === undefined || !CORE.includes(part)) return [];
  const handedIn = part !== 'transports' && !file.path.startsWith('runtime/system/');
  const found: string[] = [];
  visit(file, (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      const text = node.getText().replace(/^globalThis\./, '');
      if (/^console\.\w+$/.test(text)) found.push(`${file.path} writes to the console: ${text}`);
      if (handedIn && CLOCKS_AND_DICE.test(text)) found.push(`${file.path} uses ${text}`);
    } else if (handedIn && ts.isNewExpression(node) && node.expression.getText() === 'Date') {
      if (!node.arguments?.length) found.push(`${file.path} uses new Date()`);
    }
  });
  return found;
}

function visit(file: SourceFile, onNode: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    onNode(node);
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true));
}
