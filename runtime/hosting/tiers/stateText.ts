/** A state in words, as `academy tree` shows it. Logic that is no state chart has only a status. */
export function stateText(snapshot: { readonly status: string; readonly value?: unknown }): string {
  if (snapshot.value === undefined) return snapshot.status;
  return typeof snapshot.value === 'string' ? snapshot.value : JSON.stringify(snapshot.value);
}
