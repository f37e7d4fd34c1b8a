/**
 * A spawned actor with its contract: what it is told and asked is checked by the compiler, and an answer has its type.
 * It is a reference too, to be handed to other actors by its `address`.
 */
import type { ActorAddress, ActorReference } from '../protocol/actors.js';
import type { AnswerOf, DataOf, MessageType, QuestionType, ReferenceTo } from '../protocol/contract.js';
import type { ActorSystem } from './ActorSystem.js';

export class ActorHandle<C = unknown> {
  readonly name: string;
  readonly address: ActorAddress & ReferenceTo<C>;
  readonly #actors: Pick<ActorSystem, 'tell' | 'ask' | 'stop'>;

  constructor(actors: Pick<ActorSystem, 'tell' | 'ask' | 'stop'>, name: string, address: ActorAddress) {
    this.#actors = actors;
    this.name = name;
    this.address = address;
  }

  tell<T extends MessageType<C>>(type: T, data: DataOf<C, T>, from: ActorReference | null = null): void {
    this.#actors.tell(this.address, { type, data }, from);
  }

  /** @throws AcademyError as ActorSystem.ask() does */
  ask<T extends QuestionType<C>>(
    type: T,
    data: DataOf<C, T>,
    options: { readonly deadlineMs: number },
  ): Promise<AnswerOf<C, T>> {
    return this.#actors.ask(this.address, { type, data }, options) as Promise<AnswerOf<C, T>>;
  }

  /** When it has handled what waits for it. */
  stop(): Promise<void> {
    return this.#actors.stop(this.address);
  }
}
