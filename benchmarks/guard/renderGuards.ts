/** What the guard found, as a table. */
import { shortNumber } from '../runner/renderDocument.js';
import type { GuardRow } from './compareGuards.js';

const headings = ['guard', 'baseline', 'now', 'change', 'allowed', ''] as const;
const nothing = '-';

export function renderGuards(name: string, rows: readonly GuardRow[]): string {
  const cells = rows.map(({ key, baseline, now, change, tolerance, verdict }) => [
    key,
    baseline === null ? nothing : shortNumber(baseline),
    now === null ? nothing : shortNumber(now),
    change === null ? nothing : percent(change),
    tolerance === null ? nothing : percent(-tolerance),
    verdict,
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [`${name}: guards against the baseline`, line(headings), ...cells.map(line), ''].join('\n');
}

function percent(share: number): string {
  const text = (share * 100).toFixed(1).replace(/^-(0\.0)$/, '$1');
  return `${share > 0 && text !== '0.0' ? '+' : ''}${text} %`;
}
