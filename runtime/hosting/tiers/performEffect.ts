/** Carries out what a step without an XState actor has asked for. */
import type { AnyEventObject } from 'xstate';
import { assertDeliverable } from './assertDeliverable.js';
import { MachineSelf } from './MachineSelf.js';
import type { MachineOutlet, MachineOwner } from './MachineTier.js';
import type { Effect } from './Step.js';

/** @param toSelf gets what the machine sends itself */
export function performEffect(
  outlet: MachineOutlet,
  owner: MachineOwner,
  toSelf: AnyEventObject[],
  effect: Effect,
): void {
  switch (effect.kind) {
    case 'emit':
      outlet.emit(owner, effect.event);
      break;
    case 'send':
      send(outlet, owner, toSelf, effect.target, told(owner, effect.event));
      break;
    case 'schedule':
      outlet.schedule(owner, effect.id, effect.delayMs, effect.event, effect.target);
      break;
    case 'cancel':
      outlet.cancel(owner, effect.id);
      break;
  }
}

function send(
  outlet: MachineOutlet,
  owner: MachineOwner,
  toSelf: AnyEventObject[],
  target: unknown,
  event: AnyEventObject,
): void {
  if (target === null) {
    assertDeliverable(event);
    toSelf.push(event);
  } else if (isReference(target)) target.send(event);
  else outlet.send(owner, target, event);
}

/** Another machine of this thread, or an XState actor that somebody handed in. */
function isReference(target: unknown): target is { send(event: AnyEventObject): void } {
  return target instanceof MachineSelf || typeof (target as { _send?: unknown })._send === 'function';
}

/** `sendParent({ type: 'xstate.error' })` is how a child says that it has failed. */
function told(owner: MachineOwner, event: AnyEventObject): AnyEventObject {
  if (event.type !== 'xstate.error') return event;
  return { type: `xstate.error.actor.${owner.name}`, error: event.data, actorId: owner.name };
}
