/**
 * Effects as functions, for machines: what they are given is checked against the contract of the actor that is meant,
 * and what they return is to be emitted.
 *
 * ```ts
 * count: { actions: emit(({ context, event }) => actorEffects.reply(event, context.count)) }
 * ```
 */

import type { ActorModule } from './actorModule.js';
import type { ActorEffect, ActorReference, AskToken, LogLevel } from './actors.js';
import type { DataOf, MessageType, QuestionType, ReferenceTo, SpecOf } from './contract.js';

export interface AskEffectOptions {
  /** The answer comes within this time, or an error in its place. */
  readonly deadlineMs: number;
  /** Type of the message as which it comes; its data is Settled<the answer>. */
  readonly settles: string;
  /** Comes back with the answer. */
  readonly tag?: unknown;
}

export const actorEffects = {
  tell<C, T extends MessageType<C>>(to: ReferenceTo<C>, type: T, data: DataOf<C, T>): ActorEffect {
    return { type: 'tell', to, message: { type, data } };
  },

  ask<C, T extends QuestionType<C>>(
    to: ReferenceTo<C>,
    type: T,
    data: DataOf<C, T>,
    { deadlineMs, settles, tag }: AskEffectOptions,
  ): ActorEffect {
    return { type: 'ask', to, message: { type, data }, deadlineMs, settles, tag };
  },

  /** Answers the message that is being handled; whoever only told it something hears nothing. */
  reply<R>(question: { readonly ask?: AskToken<R> }, result: NoInfer<R>): ActorEffect {
    const { ask } = question;
    return ask ? { type: 'reply', ask, result } : { type: 'tellMany', to: [], message: { type: 'nobody-asked' } };
  },

  spawn<C>(module: ActorModule<C>, spec: SpecOf<C>): ActorEffect {
    const { module: url, exportName } = module;
    return { type: 'spawn', spec: { ...spec, module: url, exportName } };
  },

  stop(target: ActorReference): ActorEffect {
    return { type: 'stop', target };
  },

  log(level: LogLevel, text: string, fields?: Record<string, unknown>): ActorEffect {
    return { type: 'log', level, text, ...(fields ? { fields } : {}) };
  },
};
