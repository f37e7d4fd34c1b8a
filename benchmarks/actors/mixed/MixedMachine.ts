/** A machine of the mixed load, with what it is told over and over. The same definition runs in every actor system. */
import type {
  ActorDefinition,
  ActorEffect,
  ActorMessage,
  ActorReference,
  AskToken,
} from '../../../runtime/protocol/actors.js';

export interface MixedMachine {
  /** Name of its export, by which a host finds it on any thread. */
  readonly name: string;
  readonly definition: ActorDefinition;
  /** Told in turn, from the beginning again when it is at the end. */
  readonly script: readonly ActorMessage[];
  /** Handed to the machine as `input.options`. */
  readonly options?: unknown;
  /** Whether it answers the question `report` with its context. */
  readonly reports: boolean;
  /** Whether it tells other actors something. */
  readonly speaks?: boolean;
}

/** What the machines are told: a message as the actors of the project get it. */
export interface Told<T extends string, D = null> {
  readonly type: T;
  readonly data: D;
  readonly ask?: AskToken;
}

/** The question for the context, by which is checked that all of the work was done. */
export type Report = Told<'report'>;

/** Where machines that speak send their words, as `input.options`. */
export interface SinkOptions {
  readonly sink: ActorReference;
}

/** A name that all systems give to the actor which only counts what it hears. */
export const sinkName = 'mixed-sink';

export function said(type: string, data: unknown = null): ActorMessage {
  return { type, data };
}

export function reply(context: unknown, event: { readonly ask?: AskToken }): ActorEffect {
  return { type: 'reply', ask: event.ask as AskToken, result: context };
}

export function defined(machine: ActorDefinition['machine']): ActorDefinition {
  return { kind: 'academy-actor', machine };
}
