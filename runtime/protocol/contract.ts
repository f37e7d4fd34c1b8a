/**
 * What the compiler knows of an actor: what it is started with, which messages it takes with which data, and what it
 * answers. Nothing of it exists at run time; it travels from a machine's types through its definition and module to
 * whoever spawns it, tells it something or asks it.
 *
 * ```ts
 * interface CounterMessages {
 *   add: { tell: number };
 *   count: { ask: null; answer: number };
 * }
 * setup({ types: {} as ActorTypes<CounterMessages, { start: number }, { count: number }> })
 * ```
 */
import type { AnyActorLogic, EventFromLogic, InputFrom, MachineContext, SnapshotFrom } from 'xstate';
import type {
  ActorDefinition,
  ActorEffect,
  ActorInput,
  ActorReference,
  ActorSpec,
  DeliveredMessage,
} from './actors.js';

/** `O`: the options that it is spawned with. `E`: what it receives, a union of DeliveredMessage. */
export interface ActorContract<O = unknown, E = DeliveredMessage> {
  readonly options: O;
  readonly messages: E;
}

/** The messages of a map: a type of `{ tell }` is answered by nobody, one of `{ ask, answer }` may be asked. */
export type MessagesOf<M> = {
  [T in keyof M & string]: M[T] extends { ask: infer D; answer: infer R }
    ? DeliveredMessage<T, D, R>
    : M[T] extends { tell: infer D }
      ? DeliveredMessage<T, D, never>
      : never;
}[keyof M & string];

/**
 * The types of a machine that is an actor, for `setup({ types: {} as … })`.
 * `M`: its messages, see MessagesOf. `O`: its options. `X`: its context. `E`: further events, such as answers.
 */
export interface ActorTypes<M, O = unknown, X extends MachineContext = MachineContext, E = never> {
  context: X;
  events: MessagesOf<M> | E;
  input: ActorInput<O>;
  emitted: ActorEffect;
}

/** What the types of a machine say. Events of its own, which carry no data, are nobody else's to send. */
export type ContractOf<L extends AnyActorLogic> = ActorContract<
  InputFrom<L> extends ActorInput<infer O> ? O : unknown,
  Extract<EventFromLogic<L>, { readonly type: string; readonly data: unknown }>
>;

/** The context of a machine. */
export type ContextOf<L extends AnyActorLogic> = SnapshotFrom<L> extends { readonly context: infer X } ? X : unknown;

export type ContractIn<D> = D extends ActorDefinition<infer C> ? C : never;

/** An actor by address or name, with its contract. Any reference will do where the contract is named. */
export type ReferenceTo<C> = ActorReference & { readonly '~contract'?: C };

export type OptionsOf<C> = C extends { readonly options: infer O } ? O : unknown;

/** How to start an actor whose module is named beside it: an ActorSpec with the options of its contract. */
export type SpecOf<C> = Omit<ActorSpec, 'module' | 'exportName' | 'options'> &
  (unknown extends OptionsOf<C> ? { readonly options?: unknown } : { readonly options: OptionsOf<C> });

/** Whatever a contract does not say is unknown; so an actor without types takes anything. */
type MessageUnion<C> = C extends { readonly messages: infer E } ? E : DeliveredMessage;

type Declared<C, T> = Extract<MessageUnion<C>, { readonly type: T }>;

export type MessageType<C> = MessageUnion<C> extends { readonly type: infer T extends string } ? T : string;

export type DataOf<C, T> = [Declared<C, T>] extends [never]
  ? unknown
  : Declared<C, T> extends { readonly data: infer D }
    ? D
    : unknown;

/** `never` for a message that is told and not asked. */
export type AnswerOf<C, T> = [Declared<C, T>] extends [never]
  ? unknown
  : Declared<C, T> extends DeliveredMessage<string, unknown, infer R>
    ? R
    : unknown;

/** Messages that have an answer. */
export type QuestionType<C> = {
  [T in MessageType<C>]: [AnswerOf<C, T>] extends [never] ? never : T;
}[MessageType<C>];
