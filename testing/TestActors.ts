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
import type { Letter, MessageCourier } from '../runtime/hosting/mailboxes/MessageCourier.js';
import { MemoryActorStorage } from '../runtime/hosting/persistence/MemoryActorStorage.js';
import type {
  ActorAddress,
  ActorDefinition,
  ActorInfo,
  ActorReference,
  AskToken,
  RestartOptions,
} from '../runtime/protocol/actors.js';
import type { AnswerOf, DataOf, OptionsOf, QuestionType, ReferenceTo } from '../runtime/protocol/contract.js';
import type { ErrorRecord } from '../runtime/protocol/errors.js';
import type { NodeId } from '../runtime/protocol/identity.js';
import { HostLife } from './HostLife.js';
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
  /** What has left for the network, and what was logged. */
  readonly mesh: RecordingMesh;
  readonly trace = new MessageTrace();
  readonly faults: MessageFaults;
  readonly #options: TestActorsOptions;
  readonly #storage = new MemoryActorStorage();
  readonly #questions = new WeakMap<AskToken, Letter>();
  /** What starts the test's actors and probes, in the order in which it did. */
  readonly #starters = new Map<string, () => unknown>();
  #life: HostLife;
  #system: ActorSystem;

  private constructor(options: TestActorsOptions) {
    this.#options = options;
    this.simulation = options.simulation ?? new Simulation(options);
    const { clock, random } = this.simulation;
    this.mesh = new RecordingMesh(options.nodeId);
    this.faults = new MessageFaults(clock, random);
    this.#life = new HostLife(this.simulation, this.mesh);
    this.#system = this.#makeSystem();
  }

  static async open(options: TestActorsOptions = {}): Promise<TestActors> {
    const actors = new TestActors(options);
    await actors.system.start();
    return actors;
  }

  /** Another one after powerCut(). */
  get system(): ActorSystem {
    return this.#system;
  }

  get time(): TestTime {
    return this.simulation;
  }

  /** Starts an actor from its definition; its options are checked against its contract, and handed over as they are. */
  spawn<C>(name: string, definition: ActorDefinition<C>, options?: OptionsOf<C>): ActorHandle<C> {
    const start = (): ActorAddress => this.system.spawnLocal(name, definition, options);
    const handle = new ActorHandle<C>(this.#byName(name), name, start());
    this.#starters.set(name, start);
    return handle;
  }

  probe(name = 'probe'): Probe {
    const probe = new Probe(this, name);
    this.#starters.set(name, () => probe.enter());
    return probe;
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

  /**
   * Ends the host as a power cut does, and starts it again: what waits, timers, open questions and all that was not kept
   * are gone. Then the actors and probes of the test are started again in the order in which they were, as a program
   * would; what persists goes on from what was kept. Names stay; an address may be another one.
   */
  async powerCut(): Promise<void> {
    this.#life.end();
    this.#life = new HostLife(this.simulation, this.mesh);
    this.#system = this.#makeSystem();
    await this.simulation.atOnce(this.system.start());
    for (const start of this.#starters.values()) start();
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

  #makeSystem(): ActorSystem {
    const { academyId = 'test', restart } = this.#options;
    const { clock, defer, mesh } = this.#life;
    const system = new ActorSystem({
      nodeId: this.mesh.nodeId,
      academyId,
      clock,
      random: this.simulation.random,
      defer,
      threads: 0,
      mesh,
      storage: this.#storage,
      courier: this.#courier(this.#life),
      ...(restart ? { restart } : {}),
    });
    this.mesh.system = system;
    system.on('actor-restarted', ({ name, error }) => this.#note(null, name, '', error?.message, 'restart'));
    system.on('actor-failed', ({ name, error }) => this.#note(null, name, '', error?.message, 'end'));
    return system;
  }

  /** For a handle, which outlives the host that it was made by. */
  #byName(name: string): Pick<ActorSystem, 'tell' | 'ask' | 'stop'> {
    return {
      tell: (_, message, from) => this.system.tell({ name }, message, from),
      ask: (_, message, options) => this.system.ask({ name }, message, options),
      stop: (_) => {
        this.#starters.delete(name);
        return this.system.stop({ name });
      },
    };
  }

  #courier(life: HostLife): MessageCourier {
    return {
      carry: life.whileItLasts((letter, deliver) => {
        if (letter.type === probeEmits) return deliver();
        if (letter.ask) this.#questions.set(letter.ask, letter);
        const fate = this.faults.carry(letter, life.whileItLasts(deliver));
        this.#note(letter.from, letter.to, letter.type, letter.data, letter.ask ? 'ask' : 'tell', fate);
      }),
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
