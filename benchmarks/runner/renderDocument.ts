/** A benchmark's document as text: one table that fits a terminal of 80 to 100 columns, the ratios, and the machine. */
import type { BenchmarkDocument, CaseResult, HopCost } from './BenchmarkDocument.js';
import { machineLine } from './describeMachine.js';

export interface RenderOptions {
  /** Columns of the terminal; lines are at most this long, or 100. @default 80 */
  readonly columns?: number;
  /** Emphasise headings with ANSI escapes. @default false */
  readonly color?: boolean;
}

interface Column {
  readonly heading: string;
  readonly cell: (result: CaseResult) => string;
}

const empty = '';

const columns: readonly Column[] = [
  { heading: 'unit', cell: ({ unit }) => unit },
  { heading: 'median', cell: ({ median }) => shortNumber(median) },
  { heading: 'min', cell: ({ min }) => shortNumber(min) },
  { heading: 'max', cell: ({ max }) => shortNumber(max) },
  { heading: 'p50', cell: ({ p50 }) => shortMicros(p50) },
  { heading: 'p99', cell: ({ p99 }) => shortMicros(p99) },
  { heading: 'p99.9', cell: ({ p999 }) => shortMicros(p999) },
  { heading: 'CPU s/M', cell: ({ cpuSecondsPerMillion: cpu }) => (cpu === null ? empty : shortNumber(cpu)) },
  { heading: 'lost', cell: ({ lost }) => shortNumber(lost) },
];

const gap = '  ';
const columnsMax = 100;

export function renderDocument(document: BenchmarkDocument, options: RenderOptions = {}): string {
  const width = Math.min(options.columns ?? 80, columnsMax);
  const emphasise = (text: string): string => (options.color ? `\u001b[1m${text}\u001b[22m` : text);
  const { name, rounds, results, machine } = document;
  return [
    emphasise(`${name}, median of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`),
    ...table(results, width, emphasise),
    ...figures('ratios', document.ratios, emphasise),
    ...figures('guards', document.guards, emphasise),
    ...hopTable(document.hops ?? [], emphasise),
    ...(document.notes ?? []).flatMap((note) => wrap(note, width)),
    ...wrap(`Measured on ${machineLine(machine)}.`, width),
    '',
  ].join('\n');
}

function table(results: readonly CaseResult[], width: number, emphasise: (text: string) => string): string[] {
  const filled = columns
    .map(({ heading, cell }) => ({ heading, cells: results.map(cell) }))
    .filter(({ cells }) => cells.some((cell) => cell !== empty))
    .map(({ heading, cells }) => ({
      heading,
      cells,
      width: Math.max(heading.length, ...cells.map((cell) => cell.length)),
    }));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => cell.padStart(filled[index]?.width ?? 0)).join(gap);
  const headings = line(filled.map(({ heading }) => heading));
  const rows = results.map((_, row) => line(filled.map(({ cells }) => cells[row] ?? empty)));
  const caseWidth = Math.max(4, ...results.map((result) => result.case.length));
  if (caseWidth + gap.length + headings.length <= width) {
    const named = (name: string, rest: string): string => `${name.padEnd(caseWidth)}${gap}${rest}`;
    return [
      emphasise(named('case', headings)),
      ...results.map((result, row) => named(result.case, rows[row] ?? empty)),
    ];
  }
  // Too narrow for names and figures side by side: each name stands above its figures.
  const indent = ' '.repeat(Math.max(0, Math.min(2, width - headings.length)));
  return [
    emphasise(`${indent}${headings}`),
    ...results.flatMap((result, row) => [result.case.slice(0, width), `${indent}${rows[row] ?? empty}`]),
  ];
}

function hopTable(hops: readonly HopCost[], emphasise: (text: string) => string): string[] {
  if (hops.length === 0) return [];
  const bytes = (value: number | null): string => (value === null ? empty : shortNumber(value));
  const rows = hops.map(({ hop, by, bytesCopied, bytesAllocated }) => [
    hop,
    by,
    bytes(bytesCopied),
    bytes(bytesAllocated),
  ]);
  const headings = ['hop', 'by', 'bytes copied', 'bytes allocated'];
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join(gap);
  return [emphasise(line(headings)), ...rows.map(line)];
}

function figures(
  title: string,
  values: Readonly<Record<string, number>>,
  emphasise: (text: string) => string,
): string[] {
  const entries = Object.entries(values);
  if (entries.length === 0) return [];
  const longest = Math.max(...entries.map(([key]) => key.length));
  return [emphasise(title), ...entries.map(([key, value]) => `${key.padEnd(longest)}${gap}${shortNumber(value)}`)];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    if (current && current.length + word.length >= width) {
      lines.push(current);
      current = '  ';
    }
    current += current.trim() ? ` ${word}` : word;
  }
  return [...lines, current];
}

const scales = [
  { from: 1e9, suffix: ' G' },
  { from: 1e6, suffix: ' M' },
  { from: 1e3, suffix: ' k' },
] as const;

/** Three significant digits: `12`, `0.0345`, `59.2 k`, `1.23 M`. */
export function shortNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(Number(value.toPrecision(3)));
  const scale = scales.find(({ from }) => magnitude >= from);
  if (scale) return `${digits(value / scale.from)}${scale.suffix}`;
  return digits(value);
}

/** A latency given in microseconds: `850 ns`, `172 µs`, `1.20 ms`, `2.00 s`; empty where none was measured. */
export function shortMicros(micros: number | null): string {
  if (micros === null) return empty;
  if (micros < 1) return `${Math.round(micros * 1000)} ns`;
  if (micros < 1e3) return `${digits(micros)} µs`;
  return micros < 1e6 ? `${digits(micros / 1e3)} ms` : `${digits(micros / 1e6)} s`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
