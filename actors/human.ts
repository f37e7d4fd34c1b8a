/**
 * A person's seat: it stands in the rooms for the person, whatever device they use, and passes what it hears to an
 * outlet (a terminal, a control connection, a browser). Without an outlet it still is a member; nothing is lost, since
 * the room keeps the history.
 */
import { assign, enqueueActions, setup } from 'xstate';
import {
  type ActorDefinition,
  type ActorEffect,
  type ActorInput,
  type AskToken,
  type DeliveredMessage,
  failure,
} from '../runtime/protocol/actors.js';
import type { ErrorRecord } from '../runtime/protocol/errors.js';
import type { FeedbackParams, SendMessageParams } from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import { actorNames, chatCommands, type RoomNotice, type SettledAs } from './messages.js';

export interface HumanOptions {
  readonly participant: ChatParticipant;
  /** Name of the actor that shows what is heard. */
  readonly outlet?: string;
}

/** What a person's device asks of the seat. */
export interface SeatQuestions {
  'seat.say': {
    readonly roomId: string;
    readonly text: string;
    readonly replyTo?: string;
    readonly messageType?: SendMessageParams['messageType'];
  };
  'seat.judge': Omit<FeedbackParams, 'judgeId'>;
  'seat.attach': { readonly outlet: string };
  'seat.detach': null;
}
type SeatQuestion = { [K in keyof SeatQuestions]: DeliveredMessage<K, SeatQuestions[K]> }[keyof SeatQuestions];

type HumanEvent = RoomNotice | SeatQuestion | DeliveredMessage<'seat.settled', SettledAs<unknown>>;

interface HumanContext {
  readonly participant: ChatParticipant;
  readonly outlet: string | undefined;
}

const commandDeadlineMs = 10_000;

const machine = setup({
  types: {} as {
    context: HumanContext;
    events: HumanEvent;
    input: ActorInput<HumanOptions>;
    emitted: ActorEffect;
  },
  guards: { attached: ({ context }) => context.outlet !== undefined },
  actions: {
    attach: assign({ outlet: ({ event }) => (event.type === 'seat.attach' ? event.data.outlet : undefined) }),
    detach: assign({ outlet: undefined }),
    confirm: enqueueActions(({ event, enqueue }) => {
      if ('ask' in event && event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result: null });
    }),
    show: enqueueActions(({ context, event, enqueue }) => {
      if (!context.outlet || !('data' in event)) return;
      enqueue.emit({ type: 'tell', to: { name: context.outlet }, message: { type: event.type, data: event.data } });
    }),
    say: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'seat.say') return;
      const { roomId, text, replyTo, messageType = 'text' } = event.data;
      const params: SendMessageParams = {
        roomId,
        participantId: context.participant.id,
        text,
        messageType,
        ...(replyTo === undefined ? {} : { replyTo }),
        metadata: { aiGenerated: false, participantType: 'human', confidence: 1 },
      };
      enqueue.emit(askDaemon(chatCommands.sendMessage, params, event.ask));
    }),
    judge: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'seat.judge') return;
      const params: FeedbackParams = { ...event.data, judgeId: context.participant.id };
      enqueue.emit(askDaemon(chatCommands.feedback, params, event.ask));
    }),
    passOn: enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'seat.settled') return;
      const { tag, result, error } = event.data;
      if (tag) enqueue.emit({ type: 'reply', ask: tag as AskToken, ...settledAs(result, error) });
    }),
  },
}).createMachine({
  id: 'human',
  context: ({ input }) => ({ participant: input.options.participant, outlet: input.options.outlet }),
  initial: 'deciding',
  on: {
    'seat.attach': { target: '.present', actions: ['attach', 'confirm'] },
    'seat.detach': { target: '.away', actions: ['detach', 'confirm'] },
    'seat.say': { actions: 'say' },
    'seat.judge': { actions: 'judge' },
    'seat.settled': { actions: 'passOn' },
  },
  states: {
    deciding: { always: [{ guard: 'attached', target: 'present' }, { target: 'away' }] },
    present: { on: { 'room.*': { actions: 'show' } } },
    away: {},
  },
});

export const human: ActorDefinition = { kind: 'academy-actor', machine };

function settledAs(result: unknown, error: ErrorRecord | undefined): { result: unknown } | { error: ErrorRecord } {
  if (error) return { error };
  return result === undefined ? { error: failure('ERR_ACADEMY_ASK_FAILED', 'no answer') } : { result };
}

function askDaemon(type: string, data: unknown, tag: AskToken | undefined): ActorEffect {
  return {
    type: 'ask',
    to: { name: actorNames.chatDaemon },
    message: { type, data },
    deadlineMs: commandDeadlineMs,
    settles: 'seat.settled',
    tag,
  };
}
