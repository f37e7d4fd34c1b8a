/**
 * The contract between an AI in a room and the model that thinks for it: a retrieval answerer, a persona of one's
 * own, or a language model behind a server. An adapter is made by a module's export and can be exchanged while the
 * AI sits in its rooms.
 */
import { AcademyError } from '../runtime/protocol/errors.js';
import type { ChatMessage } from '../runtime/protocol/schemas/chat.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import type { TrainingSignal } from '../runtime/protocol/schemas/training.js';
import type { RoomContext } from './RoomContexts.js';

/** What a model is given to answer a message. Only what was said in that room is in it. */
export interface ModelContext {
  /** Whom it speaks as. */
  readonly self: ChatParticipant;
  readonly message: ChatMessage;
  /** The message's text without calls of its name. */
  readonly question: string;
  readonly room: RoomContext<unknown>;
}

export interface ModelAnswer {
  readonly text: string;
  /** 0 to 1. */
  readonly confidence: number;
  /** Global id of the answer, by which feedback can name it; a model that writes freely has none. */
  readonly answerId?: string;
}

export interface ModelAdapter {
  /** For people: what is answering. */
  readonly name: string;
  /** Null: it has nothing to say. A rejection is logged, and the AI stays silent. */
  respond(context: ModelContext): Promise<ModelAnswer | null>;
  /** Hears every judgement of the AI's rooms. */
  learn?(signal: TrainingSignal): void;
}

/** What an adapter's module exports: it makes the adapter, with the options that it is configured with. */
export type ModelAdapterFactory = (options: unknown) => ModelAdapter | Promise<ModelAdapter>;

/** Where an adapter comes from; can be cloned to another thread. */
export interface ModelAdapterReference {
  /** URL of a JavaScript module. */
  readonly module: string;
  readonly exportName: string;
  /** Handed to the factory. */
  readonly options?: unknown;
}

/**
 * Loads a module and makes its adapter.
 * @throws AcademyError ERR_ACADEMY_ACTOR_MODULE when the module cannot be loaded, has no such export, or makes
 *   something else; an AcademyError of the factory is passed on
 */
export async function loadModelAdapter({ module, exportName, options }: ModelAdapterReference): Promise<ModelAdapter> {
  const refuse = (reason: string, cause?: unknown): AcademyError =>
    new AcademyError('ERR_ACADEMY_ACTOR_MODULE', `the model adapter ${module}#${exportName} ${reason}`, {
      cause,
      remedy: 'Export a function that makes { name, respond(context) } from a JavaScript module, and name it by URL.',
    });
  let exports: Record<string, unknown>;
  try {
    exports = (await import(module)) as Record<string, unknown>;
  } catch (cause) {
    throw refuse(`cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const factory = exports[exportName];
  if (typeof factory !== 'function') throw refuse('is not an exported function');
  let adapter: unknown;
  try {
    adapter = await (factory as ModelAdapterFactory)(options);
  } catch (cause) {
    if (cause instanceof AcademyError) throw cause;
    throw refuse(`failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (!isModelAdapter(adapter)) throw refuse('does not make a model adapter');
  return adapter;
}

function isModelAdapter(value: unknown): value is ModelAdapter {
  if (typeof value !== 'object' || value === null) return false;
  const { name, respond, learn } = value as Record<string, unknown>;
  return (
    typeof name === 'string' && typeof respond === 'function' && (learn === undefined || typeof learn === 'function')
  );
}
