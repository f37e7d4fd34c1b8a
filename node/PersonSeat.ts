/**
 * A person's place in this process: the seat's actor lives on a worker, and this hands the person's words to it and
 * what it hears to whoever listens (a terminal, several control connections, a browser).
 */
import { EventEmitter } from 'eventemitter3';
import type { SeatQuestions } from '../actors/human.js';
import type { RoomNotices } from '../actors/messages.js';
import type { ActorSystem } from '../runtime/hosting/ActorSystem.js';
import { actorNames } from '../runtime/protocol/actorNames.js';
import type { FeedbackResult, SendMessageResult } from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';

type HeardNotice = { [K in keyof RoomNotices]: { readonly type: K; readonly data: RoomNotices[K] } }[keyof RoomNotices];
export type NoticeListener = (notice: HeardNotice) => void;

const seatDeadlineMs = 15_000;

export class PersonSeat {
  readonly participant: ChatParticipant;
  readonly #actors: ActorSystem;
  readonly #notices = new EventEmitter<{ notice: Parameters<NoticeListener> }>();

  constructor(participant: ChatParticipant, actors: ActorSystem) {
    this.participant = participant;
    this.#actors = actors;
  }

  /** Called by the seat's outlet with everything that the seat hears. */
  deliver(type: string, data: unknown): void {
    this.#notices.emit('notice', { type, data } as HeardNotice);
  }

  /** @returns a function that ends the listening */
  onNotice(listener: NoticeListener): () => void {
    this.#notices.on('notice', listener);
    return () => {
      this.#notices.off('notice', listener);
    };
  }

  /** @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN, ERR_ACADEMY_NOT_A_MEMBER, ERR_ACADEMY_BAD_ARGUMENT */
  say(message: SeatQuestions['seat.say']): Promise<SendMessageResult> {
    return this.#ask('seat.say', message) as Promise<SendMessageResult>;
  }

  /** @throws AcademyError ERR_ACADEMY_MESSAGE_NOT_FOUND, ERR_ACADEMY_NOT_A_MEMBER, ERR_ACADEMY_BAD_ARGUMENT */
  judge(judgement: SeatQuestions['seat.judge']): Promise<FeedbackResult> {
    return this.#ask('seat.judge', judgement) as Promise<FeedbackResult>;
  }

  #ask(type: keyof SeatQuestions, data: unknown): Promise<unknown> {
    const seat = { name: actorNames.participant(this.participant.id) };
    return this.#actors.ask(seat, { type, data }, { deadlineMs: seatDeadlineMs });
  }
}
