/** A person in the rooms of a test, or somebody of another kind: says, judges, and waits for what others say. */
import type { RoomNotices } from '../actors/messages.js';
import { actorNames, chatCommands } from '../runtime/protocol/actorNames.js';
import type { DeliveredMessage } from '../runtime/protocol/actors.js';
import type { ChatMessage } from '../runtime/protocol/schemas/chat.js';
import type {
  FeedbackParams,
  FeedbackResult,
  SendMessageParams,
  SendMessageResult,
} from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import type { Probe } from './Probe.js';
import type { TestHost } from './TestHost.js';

/** Which message of a room is expected; what is left out matches all. */
export interface ChatExpectation {
  /** Id of who says it. */
  readonly from?: string;
  readonly roomId?: string;
  /** Part of what is said, or a pattern of it. */
  readonly text?: string | RegExp;
  /** Time to wait at the most. @default 5000 */
  readonly withinMs?: number;
}

const defaultWithinMs = 5_000;

export class TestPerson {
  readonly participant: ChatParticipant;
  /** Receives all that the rooms tell this person: `room.message`, `room.signal`, `room.member-joined` … */
  readonly probe: Probe;
  readonly #actors: TestHost;
  readonly #roomId: string;

  /** Made by TestRooms.person(). @param roomId where it speaks unless it says where */
  constructor(actors: TestHost, probe: Probe, participant: ChatParticipant, roomId: string) {
    this.#actors = actors;
    this.probe = probe;
    this.participant = participant;
    this.#roomId = roomId;
  }

  /** Resolves when the message is stored. */
  async say(text: string, more: Partial<SendMessageParams> = {}): Promise<SendMessageResult> {
    const { type } = this.participant;
    const aiGenerated = type === 'persona' || type === 'ai_assistant';
    const params: SendMessageParams = {
      roomId: this.#roomId,
      participantId: this.participant.id,
      text,
      messageType: 'text',
      metadata: { aiGenerated, participantType: type, confidence: 1 },
      ...more,
    };
    const said = this.#actors.ask({ name: actorNames.chatDaemon }, chatCommands.sendMessage, params);
    return (await said) as SendMessageResult;
  }

  /** Judges a message: a value from -1 to 1, or the id of the answer that should have been given. */
  async judge(
    { roomId, messageId }: Pick<ChatMessage, 'roomId' | 'messageId'>,
    judgement: { readonly value?: number; readonly expected?: string | null },
  ): Promise<FeedbackResult> {
    const params: FeedbackParams = { ...judgement, roomId, messageId, judgeId: this.participant.id };
    const judged = this.#actors.ask({ name: actorNames.chatDaemon }, chatCommands.feedback, params);
    return (await judged) as FeedbackResult;
  }

  /**
   * The next message of somebody else that fits.
   * @throws AssertionError that lists what was heard instead
   */
  async expectMessage(expected: ChatExpectation = {}): Promise<ChatMessage> {
    const { withinMs = defaultWithinMs } = expected;
    const notice = await this.probe.expectMessage<RoomNotices['room.message']>(this.#fits(expected), { withinMs });
    return notice.data.message;
  }

  /** @throws AssertionError when somebody else says something that fits within that time */
  async expectSilence(expected: ChatExpectation = {}): Promise<void> {
    const { withinMs = defaultWithinMs } = expected;
    await this.probe.expectNothing(this.#fits(expected), { withinMs });
  }

  #fits({ from, roomId, text }: ChatExpectation): (notice: DeliveredMessage) => boolean {
    return ({ type, data }) => {
      if (type !== 'room.message') return false;
      const { message } = data as RoomNotices['room.message'];
      if (message.participantId === this.participant.id) return false;
      if (from !== undefined && message.participantId !== from) return false;
      if (roomId !== undefined && message.roomId !== roomId) return false;
      if (text === undefined) return true;
      return typeof text === 'string' ? message.text.includes(text) : text.test(message.text);
    };
  }
}
