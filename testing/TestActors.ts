/**
 * A host of actors for tests: the same code that runs them on a node, in one thread and under virtual time. It sees
 * every message, and can lose, hold back or double it.
 *
 * ```ts
 * const actors = await TestActors.open();
 * const counter = actors.spawn('counter', counterDefinition, { start: 5 });
 * const probe = actors.probe('probe');
 * probe.tell(counter.address, 'add', 2);
 * assert.equal(await probe.ask(counter.address, 'count', null), 7);
 * console.log(actors.trace.transcript());
 * ```
 */
import { ActorHandle } from '../runtime/hosting/ActorHandle.js';
import { ActorSystem } from '../runtime/hosting/ActorSystem.js';
import type { Letter, MessageCourier } from '../runtime/hosting/MessageCourier.js';
import type {
  ActorDefinition,
  ActorInfo,
  ActorReference,
  AskToken,
  RestartOptions,
} from '../runtime/protocol/actors.js';
import type { AnswerOf, DataOf, OptionsOf, QuestionType, ReferenceTo } from '../runtime/protocol/contract.js';
import type { ErrorRecord } from '../runtime/protocol/errors.js';
import type { NodeId } from '../runtime/protocol/identity.js';
import { MessageFaults } from './MessageFaults.js';
import { MessageTrace, type TracedMessage } from './MessageTrace.js';
import { Probe, probeEmits } from './Probe.js';
import { RecordingMesh } from './RecordingMesh.js';
import { Simulation, type SimulationOptions } from './Simulation.js';
import type { TestHost } from './TestHost.js';
import type { TestTime } from './TestTime.js';

export interface TestActorsOptions extends SimulationOptions {
  /** To share time and chance with others. @default one of its own */
  readonly simulation?: Simulation;
  /** @default 32 hexadecimal ones */
  readonly nodeId?: NodeId;
  readonly academyId?: string;
  /** For actors whose definition says nothing else. */
  readonly restart?: Partial<RestartOptions>;
}

const defaultDeadlineMs = 5_000;
const closeLimitMs = 5_000;

export class TestActors implements TestHost {
  readonly simulation: Simulation;
  readonly system: ActorSystem;
  /** What has left for the network, and what was logged. */
  readonly mesh: RecordingMesh;
  readonly trace = new MessageTrace();
  readonly faults: MessageFaults;
  readonly #questions = new WeakMap<AskToken, Letter>();

  private constructor({ simulation, nodeId, academyId = 'test', restart, ...more }: TestActorsOptions) {
    this.simulation = simulation ?? new Simulation(more);
    const { clock, random, defer } = this.simulation;
    this.mesh = new RecordingMesh(nodeId);
    this.faults = new MessageFaults(clock, random);
    this.system = new ActorSystem({
      nodeId: this.mesh.nodeId,
      academyId,
      clock,
      random,
      defer,
      threads: 0,
      mesh: this.mesh,
      courier: this.#courier(),
      ...(restart ? { restart } : {}),
    });
    this.mesh.system = this.system;
    this.system.on('actor-restarted', ({ name, error }) => this.#note(null, name, '', error?.message, 'restart'));
    this.system.on('actor-failed', ({ name, error }) => this.#note(null, name, '', error?.message, 'end'));
  }

  get time(): TestTime {
    return this.simulation;
  }

  static async open(options: TestActorsOptions = {}): Promise<TestActors> {
    const actors = new TestActors(options);
    await actors.system.start();
    return actors;
  }

  /** Starts an actor from its definition; its options are checked against its contract, and handed over as they are. */
  spawn<C>(name: string, definition: ActorDefinition<C>, options?: OptionsOf<C>): ActorHandle<C> {
    return new ActorHandle<C>(this.system, name, this.system.spawnLocal(name, definition, options));
  }

  probe(name = 'probe'): Probe {
    return new Probe(this, name);
  }

  /** Asks an actor from outside, and moves virtual time on until the answer is there. */
  ask<C, T extends QuestionType<C>>(
    to: ReferenceTo<C>,
    type: T,
    data: DataOf<C, T>,
    { deadlineMs = defaultDeadlineMs }: { readonly deadlineMs?: number } = {},
  ): Promise<AnswerOf<C, T>> {
    const answer = this.system.ask(to, { type, data }, { deadlineMs }) as Promise<AnswerOf<C, T>>;
    return this.simulation.settled(answer);
  }

  /** Crashes an actor as if its machine had thrown; its supervisor decides what becomes of it. */
  crash(target: ActorReference, message = 'crashed by the test'): void {
    this.system.crash(target, { code: 'ERR_ACADEMY_ACTOR_STOPPED', message });
  }

  /** How an actor is, or how it was when it was given up; undefined when there is none of that name. */
  async info(name: string): Promise<ActorInfo | undefined> {
    const infos = await this.simulation.settled(this.system.infos());
    return infos.find((info) => info.name === name);
  }

  /** Lets everything run that is due now. */
  untilIdle(): Promise<void> {
    return this.simulation.untilIdle();
  }

  /** Moves virtual time on. */
  advance(ms: number): Promise<void> {
    return this.simulation.advance(ms);
  }

  async close(): Promise<void> {
    await this.simulation.settled(this.system.shutdown({ limitMs: closeLimitMs }));
  }

  #courier(): MessageCourier {
    return {
      carry: (letter, deliver) => {
        if (letter.type === probeEmits) return deliver();
        if (letter.ask) this.#questions.set(letter.ask, letter);
        const fate = this.faults.carry(letter, deliver);
        this.#note(letter.from, letter.to, letter.type, letter.data, letter.ask ? 'ask' : 'tell', fate);
      },
      answered: (ask, result, error) => this.#answered(ask, result, error),
    };
  }

  #answered(ask: AskToken, result: unknown, error: ErrorRecord | null): void {
    const question = this.#questions.get(ask);
    if (!question) return;
    this.#questions.delete(ask);
    const { from, to, type } = question;
    this.#note(to, from ?? 'test', type, error ?? result, error ? 'failure' : 'answer');
  }

  #note(
    from: string | null,
    to: string,
    type: string,
    data: unknown,
    kind: TracedMessage['kind'],
    fate?: string,
  ): void {
    const atMs = this.simulation.clock.monotonicMs();
    this.trace.add({ atMs, from, to, type, data, kind, ...(fate ? { fate } : {}) });
  }
}
