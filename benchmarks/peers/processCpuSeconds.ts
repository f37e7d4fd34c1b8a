import { readFileSync } from 'node:fs';

/** Linux counts in these, on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds that another process has used since it started; NaN where the system does not tell (it is not Linux). */
export function processCpuSeconds(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold blanks; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return Number.NaN;
  }
}
