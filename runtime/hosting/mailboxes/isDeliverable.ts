/**
 * Whether a machine may be handed a message of this type. XState obeys events of its own names whoever sends them
 * (`xstate.stop`, `xstate.done.actor.…`, `xstate.after.…`), an event without a string type puts it in error, and `*`
 * is its wildcard.
 */
export function isDeliverable(type: unknown): type is string {
  if (typeof type !== 'string' || type === '') return false;
  // Looked at for every message: most are told by their first character.
  const first = type.charCodeAt(0);
  if (first !== firstOfXState && first !== firstOfWildcard) return true;
  return type !== '*' && !type.startsWith('xstate.');
}

const firstOfXState = 'x'.charCodeAt(0);
const firstOfWildcard = '*'.charCodeAt(0);
