/**
 * An actor in the hands of a test: it keeps what it receives, and says and answers what the test wants. What is
 * expected of it is waited for in the time of its host.
 */
import { enqueueActions, setup } from 'xstate';
import { defineActor } from '../runtime/hosting/defineActor.js';
import type { ActorAddress, ActorEffect, ActorInput, DeliveredMessage } from '../runtime/protocol/actors.js';
import type { AnswerOf, DataOf, MessageType, QuestionType, ReferenceTo } from '../runtime/protocol/contract.js';
import { AcademyError, type ErrorRecord } from '../runtime/protocol/errors.js';
import type { TestHost } from './TestHost.js';

/** Which message is expected: its type, or what it must fulfil. */
export type MessageExpectation = string | ((message: DeliveredMessage) => boolean);

interface ProbeOptions {
  readonly onMessage: (message: DeliveredMessage) => void;
}

/** Type of the message by which a test lets its probe emit an effect. */
export const probeEmits = 'probe.emit';
const settledType = 'probe.settled';
const defaultWithinMs = 1_000;

/** The machine of a probe. Its options are handed over by reference, so it lives in the main thread. */
export const probeActor = defineActor({
  machine: setup({
    types: {} as {
      context: ProbeOptions;
      events: DeliveredMessage;
      input: ActorInput<ProbeOptions>;
      emitted: ActorEffect;
    },
    actions: {
      emit: enqueueActions(({ event, enqueue }) => enqueue.emit(event.data as ActorEffect)),
      keep: ({ context, event }) => context.onMessage(event),
    },
  }).createMachine({
    id: 'probe',
    context: ({ input }) => input.options,
    on: { [probeEmits]: { actions: 'emit' }, '*': { actions: 'keep' } },
  }),
});

export class Probe {
  readonly name: string;
  readonly #host: TestHost;
  readonly #received: DeliveredMessage[] = [];
  readonly #asked = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>();
  #address: ActorAddress;
  #asks = 0;

  /** Made by probe() of its host. */
  constructor(host: TestHost, name: string) {
    this.name = name;
    this.#host = host;
    this.#address = this.enter();
  }

  get address(): ActorAddress {
    return this.#address;
  }

  /** Takes its seat; its host calls this, again when it has started again. */
  enter(): ActorAddress {
    const options: ProbeOptions = { onMessage: (message) => this.#heard(message) };
    this.#address = this.#host.system.spawnLocal(this.name, probeActor, options);
    return this.#address;
  }

  /** What it has received and nobody has taken yet, oldest first. */
  get received(): readonly DeliveredMessage[] {
    return this.#received;
  }

  /**
   * Takes the first message that fits, waiting for it; what does not fit stays.
   * @throws AssertionError that lists what was received instead
   */
  async expectMessage<D = unknown>(
    expected: MessageExpectation = () => true,
    { withinMs = defaultWithinMs }: { readonly withinMs?: number } = {},
  ): Promise<DeliveredMessage<string, D>> {
    const fits = typeof expected === 'string' ? ({ type }: DeliveredMessage) => type === expected : expected;
    const what = `"${this.name}" receives ${typeof expected === 'string' ? `"${expected}"` : 'a message that fits'}`;
    try {
      await this.#host.time.until(what, () => this.#received.some(fits), withinMs);
    } catch (fault) {
      const instead = this.#received.map(({ type, data }) => `\n  ${type} ${JSON.stringify(data)}`).join('');
      (fault as Error).message += instead ? `; it has received:${instead}` : '; it has received nothing';
      throw fault;
    }
    const [message] = this.#received.splice(this.#received.findIndex(fits), 1);
    return message as DeliveredMessage<string, D>;
  }

  /** @throws AssertionError when anything that fits arrives within that time */
  async expectNothing(
    expected: MessageExpectation = () => true,
    { withinMs = defaultWithinMs }: { readonly withinMs?: number } = {},
  ): Promise<void> {
    const fits = typeof expected === 'string' ? ({ type }: DeliveredMessage) => type === expected : expected;
    await this.#host.time.advance(withinMs);
    const found = this.#received.find(fits);
    if (!found) return;
    const { type, data } = found;
    throw this.#host.time.fault(`"${this.name}" received ${type} ${JSON.stringify(data)}, and should not`);
  }

  /** Forgets what it has received. */
  clear(): void {
    this.#received.length = 0;
  }

  /** Tells another actor something; it comes from this probe. */
  tell<C, T extends MessageType<C>>(to: ReferenceTo<C>, type: T, data: DataOf<C, T>): void {
    this.emit({ type: 'tell', to, message: { type, data } });
  }

  /** Asks another actor; virtual time moves on until the answer is there. */
  ask<C, T extends QuestionType<C>>(
    to: ReferenceTo<C>,
    type: T,
    data: DataOf<C, T>,
    { deadlineMs = defaultWithinMs }: { readonly deadlineMs?: number } = {},
  ): Promise<AnswerOf<C, T>> {
    const tag = ++this.#asks;
    const answer = new Promise<unknown>((resolve, reject) => this.#asked.set(tag, { resolve, reject }));
    this.emit({ type: 'ask', to, message: { type, data }, deadlineMs, settles: settledType, tag });
    return this.#host.time.settled(answer) as Promise<AnswerOf<C, T>>;
  }

  /** Answers a question that it has received. @throws AssertionError when nobody waits for an answer */
  reply<R>(question: DeliveredMessage<string, unknown, R>, result: NoInfer<R>): void {
    if (!question.ask) throw this.#host.time.fault(`"${question.type}" was told and not asked`);
    this.emit({ type: 'reply', ask: question.ask, result });
  }

  /** Fails a question that it has received. */
  replyError(question: DeliveredMessage, error: ErrorRecord): void {
    if (!question.ask) throw this.#host.time.fault(`"${question.type}" was told and not asked`);
    this.emit({ type: 'reply', ask: question.ask, error });
  }

  /** Any effect, as if its machine had emitted it. */
  emit(effect: ActorEffect): void {
    this.#host.system.tell(this.address, { type: probeEmits, data: effect });
  }

  #heard(message: DeliveredMessage): void {
    if (message.type !== settledType) {
      this.#received.push(message);
      return;
    }
    const { tag, result, error } = message.data as { tag: number; result?: unknown; error?: ErrorRecord };
    const waiting = this.#asked.get(tag);
    this.#asked.delete(tag);
    if (error) waiting?.reject(new AcademyError(error.code, error.message, { remedy: error.remedy }));
    else waiting?.resolve(result);
  }
}
