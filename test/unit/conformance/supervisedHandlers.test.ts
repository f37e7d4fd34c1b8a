import t from 'tap';
import { enqueueActions, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type { ActorEffect, ActorInput, DeliveredEvent } from '../../../runtime/protocol/actors.js';
import type { AcademyEventName } from '../../../runtime/protocol/events.js';
import { until } from '../../../testing/realTime.js';
import { openShards, otherNode } from '../../hosting/probes.js';
import { eventExamples } from '../protocol/eventExamples.js';

interface HandlerOptions {
  readonly event: AcademyEventName;
  readonly roomId: string | null;
  /** Called with each event; what it throws is the handler's fault. */
  readonly handle: (data: unknown) => void;
}

/** Subscribes when it starts, and again when it is started again. */
const handler = defineActor({
  machine: setup({
    types: {} as {
      context: ActorInput<HandlerOptions>;
      events: DeliveredEvent;
      input: ActorInput<HandlerOptions>;
      emitted: ActorEffect;
    },
    actions: {
      subscribe: enqueueActions(({ context, enqueue }) => {
        const { event, roomId } = context.options;
        enqueue.emit({ type: 'subscribe', event, roomId });
      }),
      handle: ({ context, event }) => context.options.handle(event.data),
    },
  }).createMachine({
    context: ({ input }) => input,
    entry: 'subscribe',
    on: { 'academy.event': { actions: 'handle' } },
  }),
  restart: { backoffMs: 1, backoffMaxMs: 5 },
});

for (const event of [
  'academy.chat.message',
  'academy.persona.evolution',
  'academy.training.signal',
  'academy.genome.discovery',
  'academy.genome.share',
] as const) {
  t.test(`a handler of ${event} that throws is started again, and the others still run`, async (t) => {
    const { system, mesh } = await openShards(t, { threads: 0 });
    const restarted: string[] = [];
    system.on('actor-restarted', ({ name }) => restarted.push(name));
    const data = eventExamples[event];
    const roomId = 'roomId' in data ? data.roomId : null;
    const heard = { fragile: 0, sturdy: 0 };
    const options = { event, roomId };
    system.spawnLocal('fragile', handler, {
      ...options,
      handle: () => {
        heard.fragile += 1;
        if (heard.fragile === 1) throw new Error('on purpose');
      },
    });
    system.spawnLocal('sturdy', handler, {
      ...options,
      handle: () => {
        heard.sturdy += 1;
      },
    });
    await until('somebody listens', () => mesh.deliver(event, data, otherNode) > 0);
    await until('both have heard it', () => heard.fragile > 0 && heard.sturdy > 0);
    await until('the fragile one is back', () => restarted.includes('fragile'));
    t.notOk(restarted.includes('sturdy'));
    const before = { ...heard };
    await until('both hear the next one', () => {
      mesh.deliver(event, data, otherNode);
      return heard.fragile > before.fragile && heard.sturdy > before.sturdy;
    });
    t.pass();
  });
}
