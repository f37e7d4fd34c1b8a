/**
 * Whether a machine may be handed a message of this type. XState obeys events of its own names whoever sends them
 * (`xstate.stop`, `xstate.done.actor.…`, `xstate.after.…`), an event without a string type puts it in error, and `*`
 * is its wildcard.
 */
export function isDeliverable(type: unknown): type is string {
  return typeof type === 'string' && type !== '' && type !== '*' && !type.startsWith('xstate.');
}
