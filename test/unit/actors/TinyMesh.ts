/**
 * A few nodes in one thread for tests of actors that work together: messages, questions, events and the one command
 * `genome-fetch` are carried in order, time stands still until the test turns it, and the stores are maps.
 */
import { type AnyActorRef, createActor, SimulatedClock } from 'xstate';
import type { ActorDefinition, ActorEffect, ActorReference, PublishEffect } from '../../../runtime/protocol/actors.js';
import { parseEndpoint } from '../../../runtime/protocol/endpoints.js';
import type { NodeId } from '../../../runtime/protocol/identity.js';

type Files = Readonly<Record<string, Uint8Array>>;

interface TinyActor {
  readonly ref: AnyActorRef;
  readonly subscriptions: { event: string; remoteOnly: boolean }[];
}

/** Who waits for the answer to a question of this number. */
interface Waiting {
  readonly settle: (outcome: { result?: unknown; error?: unknown }) => void;
}

export class TinyMesh {
  readonly published: { readonly node: NodeId; readonly effect: PublishEffect }[] = [];
  readonly #clock = new SimulatedClock();
  readonly #nodes = new Map<NodeId, Map<string, TinyActor>>();
  readonly #stores = new Map<NodeId, Map<string, Files>>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #queue: (() => void)[] = [];
  #asks = 0;
  #isCarrying = false;

  addNode(nodeId: NodeId): void {
    this.#nodes.set(nodeId, new Map());
    this.#stores.set(nodeId, new Map());
  }

  spawn(nodeId: NodeId, name: string, definition: ActorDefinition, options: unknown): void {
    const ref = createActor(definition.machine, {
      clock: this.#clock as never,
      input: {
        name,
        self: { shard: 0, slot: 0, generation: 0 },
        nodeId,
        academyId: 'test-academy',
        seed: name.length,
        startedAtMs: this.nowMs(),
        nowMs: () => this.nowMs(),
        restarts: 0,
        options,
      },
    });
    const actor: TinyActor = { ref, subscriptions: [] };
    this.#nodes.get(nodeId)?.set(name, actor);
    ref.on('*', (effect) => this.#carry(() => this.#perform(nodeId, actor, effect as never)));
    ref.start();
  }

  nowMs(): number {
    return 1_700_000_000_000 + this.#clock.now();
  }

  tell(nodeId: NodeId, name: string, type: string, data: unknown): void {
    this.#carry(() => this.#deliver(nodeId, { name }, { type, data }));
  }

  /** The answer; throws when there is none after `waitMs`, or when it is an error. */
  ask(nodeId: NodeId, name: string, type: string, data: unknown, waitMs = 5_000): unknown {
    let answer: { result?: unknown; error?: unknown } | undefined;
    const settle = (outcome: { result?: unknown; error?: unknown }): void => {
      answer = outcome;
    };
    this.#carry(() => this.#ask(nodeId, { name }, { type, data }, settle));
    for (let waited = 0; !answer && waited < waitMs; waited += 10) this.#clock.increment(10);
    if (!answer || answer.error) throw new Error(`${type}: ${JSON.stringify(answer?.error ?? 'no answer')}`);
    return answer.result;
  }

  wait(ms: number): void {
    for (let waited = 0; waited < ms; waited += 10) this.#clock.increment(10);
  }

  stop(): void {
    for (const actors of this.#nodes.values()) for (const { ref } of actors.values()) ref.stop();
  }

  #carry(job: () => void): void {
    this.#queue.push(job);
    if (this.#isCarrying) return;
    this.#isCarrying = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) next();
    this.#isCarrying = false;
  }

  #deliver(nodeId: NodeId, to: ActorReference, message: object): boolean {
    const actor = 'name' in to ? this.#nodes.get(nodeId)?.get(to.name) : undefined;
    actor?.ref.send({ from: null, atMs: this.nowMs(), ...message } as never);
    return actor !== undefined;
  }

  #ask(nodeId: NodeId, to: ActorReference, message: { type: string; data?: unknown }, settle: Waiting['settle']): void {
    const stored = 'name' in to ? this.#askStore(nodeId, to.name, message) : undefined;
    if (stored) return settle(stored);
    const id = ++this.#asks;
    this.#waiting.set(id, { settle });
    if (this.#deliver(nodeId, to, { ...message, ask: { asker: { name: 'test' }, id } })) return;
    this.#waiting.delete(id);
    settle({ error: { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: 'no such actor' } });
  }

  #askStore(nodeId: NodeId, name: string, { type, data }: { type: string; data?: unknown }) {
    if (name === 'persona-store') return { result: null };
    if (name !== 'genome-store') return undefined;
    const store = this.#stores.get(nodeId) as Map<string, Files>;
    const { genomeId, files } = (data ?? {}) as { genomeId: string; files: Files };
    if (type === 'store.put') store.set(genomeId, files);
    if (type === 'store.get') return { result: store.get(genomeId) ?? null };
    return { result: type === 'store.list' ? [...store.keys()] : null };
  }

  #perform(nodeId: NodeId, actor: TinyActor, effect: ActorEffect): void {
    const settleAs = (settles: string, tag: unknown) => (outcome: object) =>
      this.#carry(() =>
        actor.ref.send({ type: settles, data: { tag, ...outcome }, from: null, atMs: this.nowMs() } as never),
      );
    switch (effect.type) {
      case 'tell':
        this.#deliver(nodeId, effect.to, effect.message);
        return;
      case 'ask':
        return this.#ask(nodeId, effect.to, effect.message, settleAs(effect.settles, effect.tag));
      case 'reply': {
        const { ask, type: _, ...outcome } = effect;
        this.#waiting.get(ask.id)?.settle(outcome);
        this.#waiting.delete(ask.id);
        return;
      }
      case 'execute': {
        const endpoint = parseEndpoint(effect.endpoint);
        const node = 'node' in endpoint ? (endpoint.node as NodeId) : nodeId;
        const message = { type: 'genome.files', data: effect.payload };
        return this.#ask(node, { name: 'genome-manager' }, message, settleAs(effect.settles, effect.tag));
      }
      case 'subscribe':
        actor.subscriptions.push({ event: effect.event, remoteOnly: effect.remoteOnly ?? false });
        return;
      case 'publish':
        return this.#publish(nodeId, effect);
      default:
        return;
    }
  }

  #publish(from: NodeId, effect: PublishEffect): void {
    this.published.push({ node: from, effect });
    for (const [nodeId, actors] of this.#nodes) {
      const isMeant = nodeId === from || (effect.network !== false && (effect.nodes?.includes(nodeId) ?? true));
      if (!isMeant) continue;
      const data = { name: effect.event, data: effect.data, sourceNode: from, timestampMs: this.nowMs() };
      for (const { ref, subscriptions } of actors.values()) {
        const hears = subscriptions.some(
          ({ event, remoteOnly }) => event === effect.event && !(remoteOnly && nodeId === from),
        );
        if (hears) ref.send({ type: 'academy.event', data, from: null, atMs: this.nowMs() } as never);
      }
    }
  }
}
