/** A person in a room of the scene: asks one question after the other, and says what should have been answered. */
import type { NodeConnection } from '../control/ControlMethods.js';
import type { AttachedView, MessageView, NoticeView } from '../control/views.js';
import type { SceneItem } from './clincItems.js';

export interface AskAndJudgeOptions {
  readonly connection: NodeConnection;
  readonly roomId: string;
  /** The persona that is asked. */
  readonly personaId: string;
  readonly questions: readonly SceneItem[];
  readonly signal?: AbortSignal | undefined;
}

/** An answer that was withdrawn or lost counts as silence after this time. */
const answerLimitMs = 3_000;

export async function askAndJudge(options: AskAndJudgeOptions): Promise<void> {
  const { connection, roomId, personaId, questions, signal } = options;
  const hearing = new AbortController();
  const answers = new AnswerBook();
  const stream = connection.stream('attach', {}, (event) => answers.hear(event), { signal: hearing.signal });
  try {
    for (const { input, expected } of questions) {
      signal?.throwIfAborted();
      const { messageId } = await connection.request('say', { roomId, text: input });
      const speaks = await answersTo(connection, personaId, input);
      const answer = speaks ? await answers.to(messageId) : undefined;
      await connection.request('feedback', { roomId, messageId: answer?.messageId ?? messageId, expected });
    }
  } finally {
    hearing.abort();
    await stream.catch(() => {});
  }
}

/** Whether the persona is sure enough to speak, so that nobody waits for what does not come. */
async function answersTo(connection: NodeConnection, personaId: string, input: string): Promise<boolean> {
  const actor = `participant/${personaId}`;
  const answer = await connection.request('ask', { actor, type: 'persona.answer', data: { input } });
  return (answer as { answerId: string | null }).answerId !== null;
}

/** Answers by the message that they reply to, whether they come before or after one waits for them. */
class AnswerBook {
  readonly #heard = new Map<string, MessageView>();
  readonly #waiting = new Map<string, (message: MessageView) => void>();

  hear(event: AttachedView | NoticeView): void {
    if (event.type !== 'message' || event.message.replyTo === undefined) return;
    const { message } = event;
    this.#heard.set(event.message.replyTo, message);
    this.#waiting.get(event.message.replyTo)?.(message);
  }

  async to(messageId: string): Promise<MessageView | undefined> {
    const heard = this.#heard.get(messageId);
    if (heard) return heard;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(messageId);
        resolve(undefined);
      }, answerLimitMs);
      this.#waiting.set(messageId, (message) => {
        clearTimeout(timer);
        this.#waiting.delete(messageId);
        resolve(message);
      });
    });
  }
}
