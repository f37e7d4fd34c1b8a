/** Numbers of things, in words. */
/** @returns `1 restart`, `2 restarts` */
export function amountOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
