/** Runs one actor's machine without a host: messages in, effects out, under a clock that the test turns. */
import { createActor, SimulatedClock } from 'xstate';
import type { ActorDefinition, ActorEffect, AskToken } from '../../../runtime/protocol/actors.js';
import type { NodeId } from '../../../runtime/protocol/identity.js';

export const testNode = 'a'.repeat(32) as NodeId;
export const otherNode = 'b'.repeat(32) as NodeId;

type EffectOf<T extends ActorEffect['type']> = Extract<ActorEffect, { type: T }>;

export interface DrivenActor {
  /** Everything emitted so far and not yet taken. */
  readonly effects: ActorEffect[];
  nowMs(): number;
  send(type: string, data?: unknown, ask?: AskToken): void;
  /** Asks and returns the effects `reply` to it so far. */
  question(type: string, data?: unknown): EffectOf<'reply'>[];
  wait(ms: number): void;
  /** Takes the first effect of that type that matches; undefined when there is none. */
  take<T extends ActorEffect['type']>(type: T, matches?: (effect: EffectOf<T>) => boolean): EffectOf<T> | undefined;
  /** Answers the oldest `ask` or `execute` that waits to settle as `settles`. */
  settle(settles: string, outcome: { result?: unknown; error?: unknown }): EffectOf<'ask'> | EffectOf<'execute'>;
  state(): string;
  /** What the machine crashed with. */
  fault(): unknown;
  stop(): void;
}

export function driveActor(definition: ActorDefinition, options: unknown, seed = 7): DrivenActor {
  const clock = new SimulatedClock();
  const effects: ActorEffect[] = [];
  const startedAtMs = 1_700_000_000_000;
  let asks = 0;
  let fault: unknown;
  const actor = createActor(definition.machine, {
    clock: clock as never,
    input: {
      name: 'tested',
      self: { shard: 0, slot: 0, generation: 0 },
      nodeId: testNode,
      academyId: 'test-academy',
      seed,
      startedAtMs,
      nowMs: () => startedAtMs + clock.now(),
      restarts: 0,
      options,
    },
  });
  actor.on('*', (effect) => effects.push(effect as unknown as ActorEffect));
  actor.subscribe({
    error: (thrown) => {
      fault = thrown;
    },
  });
  actor.start();
  const nowMs = (): number => startedAtMs + clock.now();
  const driven: DrivenActor = {
    effects,
    nowMs,
    send: (type, data = null, ask) =>
      actor.send({ type, data, from: null, atMs: nowMs(), ...(ask ? { ask } : {}) } as never),
    question: (type, data = null) => {
      const ask: AskToken = { asker: { name: 'asker' }, id: ++asks };
      driven.send(type, data, ask);
      return effects.filter((effect) => effect.type === 'reply' && effect.ask.id === ask.id) as EffectOf<'reply'>[];
    },
    wait: (ms) => clock.increment(ms),
    take: (type, matches = () => true) => {
      const place = effects.findIndex((effect) => effect.type === type && matches(effect as never));
      return place < 0 ? undefined : (effects.splice(place, 1)[0] as never);
    },
    settle: (settles, outcome) => {
      const waits = (effect: ActorEffect): boolean =>
        (effect.type === 'ask' || effect.type === 'execute') && effect.settles === settles;
      const place = effects.findIndex(waits);
      if (place < 0) throw new Error(`nothing waits to settle as ${settles}`);
      const [asked] = effects.splice(place, 1) as [EffectOf<'ask'> | EffectOf<'execute'>];
      driven.send(settles, { tag: asked.tag, ...outcome });
      return asked;
    },
    state: () => JSON.stringify(actor.getSnapshot().value),
    fault: () => fault,
    stop: () => actor.stop(),
  };
  return driven;
}
