/** What `academy doctor` tells a person: one line a check, and what to do under those that need it. */
import type { Finding } from './library.js';
import type { Output } from './Output.js';

const colours = { good: 'green', weak: 'yellow', bad: 'red' } as const;

export function renderFindings(findings: readonly Finding[], style: Output['style']): string {
  const widest = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, verdict, found, remedy }) => [
    `${style(colours[verdict], verdict.padEnd('good'.length))}  ${check.padEnd(widest)}  ${found}`,
    ...(remedy === undefined ? [] : [`${' '.repeat('good'.length + widest + 4)}to do: ${remedy}`]),
  ]);
  return [...lines, '', summary(findings)].join('\n');
}

function summary(findings: readonly Finding[]): string {
  if (findings.some(({ verdict }) => verdict === 'bad')) return 'A node would not work here as configured.';
  if (findings.some(({ verdict }) => verdict === 'weak')) return 'A node works here, with less than it could.';
  return 'A node has all that it needs here.';
}
