/** A person in the rooms of a test: says, judges, and waits in virtual time for what others say. */
import type { RoomNotices } from '../actors/messages.js';
import { actorNames, chatCommands } from '../runtime/protocol/actorNames.js';
import type { DeliveredMessage } from '../runtime/protocol/actors.js';
import type { ChatMessage } from '../runtime/protocol/schemas/chat.js';
import type { FeedbackParams, SendMessageParams, SendMessageResult } from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import type { Probe } from './Probe.js';
import type { TestActors } from './TestActors.js';

/** Which message of a room is expected; what is left out matches all. */
export interface ChatExpectation {
  /** Id of who says it. */
  readonly from?: string;
  readonly roomId?: string;
  /** Part of what is said, or a pattern of it. */
  readonly text?: string | RegExp;
  /** Virtual time to wait at the most. @default 5000 */
  readonly withinMs?: number;
}

const defaultWithinMs = 5_000;

export class TestPerson {
  readonly participant: ChatParticipant;
  /** Receives all that the rooms tell this person: `room.message`, `room.signal`, `room.member-joined` … */
  readonly probe: Probe;
  readonly #actors: TestActors;
  readonly #roomId: string;

  /** Made by TestRooms.person(). @param roomId where it speaks unless it says where */
  constructor(actors: TestActors, probe: Probe, participant: ChatParticipant, roomId: string) {
    this.#actors = actors;
    this.probe = probe;
    this.participant = participant;
    this.#roomId = roomId;
  }

  /** Resolves when the message is stored. */
  async say(text: string, more: Partial<SendMessageParams> = {}): Promise<SendMessageResult> {
    const params: SendMessageParams = {
      roomId: this.#roomId,
      participantId: this.participant.id,
      text,
      messageType: 'text',
      metadata: { aiGenerated: false, participantType: 'human', confidence: 1 },
      ...more,
    };
    const said = this.#actors.ask({ name: actorNames.chatDaemon }, chatCommands.sendMessage, params);
    return (await said) as SendMessageResult;
  }

  /** Judges a message: a value from -1 to 1, or the id of the answer that should have been given. */
  async judge(message: ChatMessage, judgement: { readonly value?: number; readonly expected?: string | null }) {
    const { roomId, messageId } = message;
    const params: FeedbackParams = { ...judgement, roomId, messageId, judgeId: this.participant.id };
    await this.#actors.ask({ name: actorNames.chatDaemon }, chatCommands.feedback, params);
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
