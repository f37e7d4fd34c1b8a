/**
 * The one door through which people, programs and AIs speak: it validates each command and hands it to the room. It
 * keeps nothing but the names of the rooms that are open here.
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
import { describeErrors } from '../runtime/protocol/events.js';
import * as commands from '../runtime/protocol/schemas/commands.js';
import { Compile, type TSchema, type Validator } from '../runtime/protocol/typebox.js';
import { actorNames, chatCommands, type RoomLogQuestions, type RoomRecord, type SettledAs } from './messages.js';

interface CommandRoute {
  readonly validator: Validator;
  /** Word of the room's machine that carries the command out. */
  readonly roomMessage: string;
}

const route = (schema: TSchema, roomMessage: string): CommandRoute => ({
  validator: Compile(schema) as Validator,
  roomMessage,
});

const routes: Readonly<Record<string, CommandRoute>> = {
  [chatCommands.sendMessage]: route(commands.SendMessageParams, 'room.send'),
  [chatCommands.academyChat]: route(commands.AcademyChatParams, 'room.send'),
  [chatCommands.joinRoom]: route(commands.JoinRoomParams, 'room.join'),
  [chatCommands.leaveRoom]: route(commands.LeaveRoomParams, 'room.leave'),
  [chatCommands.getHistory]: route(commands.GetHistoryParams, 'room.history'),
  [chatCommands.feedback]: route(commands.FeedbackParams, 'room.feedback'),
};

/** A command whose room is being opened for it. */
interface Waiting {
  readonly params: { readonly roomId: string };
  readonly roomMessage: string;
  readonly ask: AskToken | undefined;
}

type DaemonEvent =
  | DeliveredMessage<`chat.${string}`, unknown>
  | DeliveredMessage<'daemon.rooms', SettledAs<RoomLogQuestions['rooms.list']['answer']>>
  | DeliveredMessage<'daemon.room-opened', SettledAs<null>>
  | DeliveredMessage<'chat.room-opened', RoomRecord>
  | DeliveredMessage<'chat.here', { participantId: string }>
  | DeliveredMessage<'chat.node-gone', { nodeId: string }>;

/** What every room of the node is told, and the word that a room knows it by. */
const toldToAllRooms: Readonly<Record<string, string>> = {
  'chat.here': 'room.here',
  'chat.node-gone': 'room.node-gone',
};

interface DaemonContext {
  readonly rooms: ReadonlySet<string>;
  /** Commands that came before the rooms were known: after a restart they would find none. */
  readonly held: readonly DeliveredMessage[];
  readonly commandsHandled: number;
}

const roomLogDeadlineMs = 10_000;
/** The rooms are known within milliseconds. */
const heldMax = 1_024;

const machine = setup({
  types: {} as {
    context: DaemonContext;
    events: DaemonEvent;
    input: ActorInput;
    emitted: ActorEffect;
  },
  actions: {
    askForRooms: enqueueActions(({ enqueue }) => {
      enqueue.emit({
        type: 'ask',
        to: { name: actorNames.roomLog },
        message: { type: 'rooms.list', data: null },
        deadlineMs: roomLogDeadlineMs,
        settles: 'daemon.rooms',
      });
    }),
    noteRooms: assign(({ context, event }) => {
      if (event.type !== 'daemon.rooms' || !event.data.result) return {};
      return { rooms: new Set([...context.rooms, ...event.data.result.map((room) => room.roomId)]) };
    }),
    noteRoom: assign(({ context, event }) =>
      event.type === 'chat.room-opened'
        ? { rooms: new Set([...context.rooms, (event.data as RoomRecord).roomId]) }
        : {},
    ),
    hold: enqueueActions(({ context, event, enqueue }) => {
      const command = event as DeliveredMessage;
      if (context.held.length < heldMax) {
        enqueue.assign({ held: [...context.held, command] });
      } else if (command.ask) {
        const error = failure(
          'ERR_ACADEMY_MAILBOX_FULL',
          'the chat daemon is starting, and too many commands wait for it',
        );
        enqueue.emit({ type: 'reply', ask: command.ask, error });
      }
    }),
    release: enqueueActions(({ context, enqueue }) => {
      for (const command of context.held) enqueue.raise(command as DaemonEvent);
      enqueue.assign({ held: [] });
    }),
    count: assign({ commandsHandled: ({ context }) => context.commandsHandled + 1 }),
    tellAllRooms: enqueueActions(({ context, event, enqueue }) => {
      const type = toldToAllRooms[event.type];
      if (type === undefined) return;
      const to = [...context.rooms].map((roomId) => ({ name: actorNames.room(roomId) }));
      if (to.length > 0) enqueue.emit({ type: 'tellMany', to, message: { type, data: event.data } });
    }),
    forward: enqueueActions(({ context, event, enqueue }) => {
      const command = event as DeliveredMessage;
      const { ask } = command;
      const refuse = (error: ReturnType<typeof failure>): void => {
        if (ask) enqueue.emit({ type: 'reply', ask, error });
      };
      const target = routes[command.type];
      if (!target) return refuse(failure('ERR_ACADEMY_COMMAND_UNKNOWN', `the chat daemon has no "${command.type}"`));
      if (!target.validator.Check(command.data)) {
        const faults = describeErrors(target.validator, command.data);
        return refuse(failure('ERR_ACADEMY_BAD_ARGUMENT', `${command.type}: ${faults}`));
      }
      const params = command.data as { readonly roomId: string; readonly create?: boolean };
      if (context.rooms.has(params.roomId)) {
        const message = { type: target.roomMessage, data: { params, ask } };
        enqueue.emit({ type: 'tell', to: { name: actorNames.room(params.roomId) }, message });
        return;
      }
      if (!params.create) return refuse(unknownRoom(params.roomId, context.rooms));
      const waiting: Waiting = { params, roomMessage: target.roomMessage, ask };
      const room: RoomRecord = { roomId: params.roomId, consent: 'local' };
      enqueue.emit({
        type: 'ask',
        to: { name: actorNames.roomLog },
        message: { type: 'rooms.open', data: room },
        deadlineMs: roomLogDeadlineMs,
        settles: 'daemon.room-opened',
        tag: waiting,
      });
    }),
    deliverWaiting: enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'daemon.room-opened') return;
      const { params, roomMessage, ask } = event.data.tag as Waiting;
      if (event.data.error) {
        if (ask) enqueue.emit({ type: 'reply', ask, error: event.data.error });
        return;
      }
      const message = { type: roomMessage, data: { params, ask } };
      enqueue.emit({ type: 'tell', to: { name: actorNames.room(params.roomId) }, message });
    }),
  },
}).createMachine({
  id: 'chatDaemon',
  context: { rooms: new Set(), held: [], commandsHandled: 0 },
  entry: 'askForRooms',
  initial: 'learning',
  states: {
    learning: {
      on: {
        'daemon.rooms': { target: 'serving', actions: ['noteRooms', 'release'] },
        'chat.room-opened': { actions: 'noteRoom' },
        'chat.here': { actions: 'tellAllRooms' },
        'chat.node-gone': { actions: 'tellAllRooms' },
        '*': { actions: 'hold' },
      },
    },
    serving: {
      on: {
        'daemon.rooms': { actions: 'noteRooms' },
        'daemon.room-opened': { actions: 'deliverWaiting' },
        'chat.room-opened': { actions: 'noteRoom' },
        'chat.here': { actions: 'tellAllRooms' },
        'chat.node-gone': { actions: 'tellAllRooms' },
        '*': { actions: ['forward', 'count'] },
      },
    },
  },
});

export const chatDaemon: ActorDefinition = {
  kind: 'academy-actor',
  machine,
  restart: { kind: 'permanent' },
  mailbox: { capacity: 100_000 },
};

function unknownRoom(roomId: string, rooms: ReadonlySet<string>): ReturnType<typeof failure> {
  const known = [...rooms].slice(0, 10).join(', ') || 'none';
  return failure('ERR_ACADEMY_ROOM_UNKNOWN', `there is no room "${roomId}" on this node`, `rooms here: ${known}`);
}
