/**
 * A room: an actor on each node that has members there; no node owns it. What is said is sealed into its author's
 * chain, stored, and only then heard, here and elsewhere, so that nobody hears what a crash could take back. Rooms of
 * the same name on other nodes are told by multicast and repaired by comparing version vectors.
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { ActorDefinition, ActorEffect, ActorInput, AskToken } from '../runtime/protocol/actors.js';
import { failure } from '../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS } from '../runtime/protocol/events.js';
import { identityFromSeed } from '../runtime/protocol/identity.js';
import type { ContextCodec } from '../runtime/protocol/persistence.js';
import { type RandomState, seededRandom } from '../runtime/protocol/Random.js';
import { answerJoin, here, join, leave, typing, welcome } from './room/attending.js';
import { feedback, historyRead, judgedRead, readHistory } from './room/judging.js';
import {
  expireLeases,
  hear,
  leaseEveryMsDefault,
  nodeGone,
  planDigest,
  publishDigest,
  repaired,
} from './room/otherNodes.js';
import { askRoomLog, type ChatRoomOptions, type Desk, type RoomContext, type RoomEvent } from './room/RoomDesk.js';
import { RoomState, type RoomStateSnapshot } from './room/RoomState.js';
import { release, requestTurn, stored } from './room/speaking.js';
import { defaultTurnPolicy, type TurnPolicy } from './room/turnTaking.js';

export type { ChatRoomOptions, RoomEvent };

const earlyEventsMax = 1_024;

const heardEvents = [
  ACADEMY_CHAT_EVENTS.MESSAGE,
  ACADEMY_CHAT_EVENTS.TYPING,
  ACADEMY_CHAT_EVENTS.ROOM_JOIN,
  ACADEMY_CHAT_EVENTS.ROOM_LEAVE,
  ACADEMY_CHAT_EVENTS.USER_LIST,
  ACADEMY_CHAT_EVENTS.PRESENCE,
] as const;

/** Published by rooms, personas and programs of this node too, and heard by the same way from wherever they come. */
const heardEventsOfAllNodes = [ACADEMY_CHAT_EVENTS.TRAINING_SIGNAL, ACADEMY_CHAT_EVENTS.PERSONA_EVOLUTION] as const;

const machine = setup({
  types: {} as {
    context: RoomContext;
    events: RoomEvent;
    input: ActorInput<ChatRoomOptions>;
    emitted: ActorEffect;
  },
  actions: {
    listen: enqueueActions(({ context, enqueue }) => {
      const { roomId } = context.input.options;
      for (const event of heardEvents) enqueue.emit({ type: 'subscribe', event, roomId, remoteOnly: true });
      for (const event of heardEventsOfAllNodes) enqueue.emit({ type: 'subscribe', event, roomId });
    }),
    open: enqueueActions(({ context, enqueue }) => {
      enqueue.emit(askRoomLog('log.open', { roomId: context.input.options.roomId }, 'room.opened'));
    }),
    keepForLater: assign(({ context, event }) => ({
      early: context.early.length < earlyEventsMax ? [...context.early, event] : context.early,
    })),
    refuseToOpen: enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'room.opened') return;
      enqueue.emit({ type: 'fail', error: event.data.error ?? failure('ERR_ACADEMY_STORE', 'the room log is silent') });
    }),
    takeOver: assign(({ context, event }) => {
      const opening = event.type === 'room.opened' ? event.data.result : undefined;
      if (!opening) return {};
      return { room: RoomState.open(opening, context.identity, policyOf(context.input)) };
    }),
    greet: enqueueActions((args) => {
      const desk = deskOf(args);
      for (const seat of desk.room.members.localSeats()) welcome(desk, seat);
      planDigest(desk);
      for (const event of args.context.early) handle(desk, event);
    }),
    forgetEarly: assign({ early: [] }),
    handle: enqueueActions((args) => handle(deskOf(args), args.event)),
    renewLease: enqueueActions((args) => {
      const desk = deskOf(args);
      expireLeases(desk, args.context.input.nowMs());
      publishDigest(desk);
    }),
  },
  guards: {
    opened: ({ event }) => event.type === 'room.opened' && event.data.result !== undefined,
    isRestored: ({ event }) => event.type === 'academy.resumed' && event.data === 'restored',
  },
  delays: {
    // A tenth of spread, so that the rooms of a node do not all speak at once.
    lease: ({ context }) =>
      (context.input.options.leaseEveryMs ?? leaseEveryMsDefault) * (0.9 + 0.2 * context.random.next()),
  },
}).createMachine({
  id: 'chatRoom',
  context: ({ input }) => ({
    input,
    identity: identityFromSeed(input.options.nodeKeySeed),
    random: seededRandom(input.seed),
    sessionId: `${input.options.roomId}-${input.startedAtMs.toString(36)}`,
    room: undefined,
    early: [],
  }),
  initial: 'starting',
  states: {
    starting: { entry: 'listen', always: 'opening' },
    opening: {
      entry: 'open',
      on: {
        'room.opened': [{ guard: 'opened', target: 'open', actions: 'takeOver' }, { actions: 'refuseToOpen' }],
        '*': { actions: 'keepForLater' },
      },
    },
    open: {
      entry: ['greet', 'forgetEarly'],
      on: {
        // The log is ahead of what was last kept of the room: who appended to an old end would fork its chains.
        'academy.resumed': { guard: 'isRestored', target: 'opening' },
        '*': { actions: 'handle' },
      },
      initial: 'leased',
      states: { leased: { after: { lease: { target: 'leased', reenter: true, actions: 'renewLease' } } } },
    },
  },
});

/** A room at rest. Its key is made again from the seed. */
interface PackedRoom {
  readonly random: RandomState;
  readonly sessionId: string;
  readonly room: RoomStateSnapshot | undefined;
  readonly early: readonly RoomEvent[];
}

const contextCodec: ContextCodec<RoomContext, PackedRoom, ChatRoomOptions> = {
  pack: ({ random, sessionId, room, early }) => ({
    random: random.snapshot(),
    sessionId,
    room: room?.snapshot(),
    early,
  }),
  unpack: ({ random, sessionId, room, early }, input) => {
    const identity = identityFromSeed(input.options.nodeKeySeed);
    return {
      input,
      identity,
      random: seededRandom(0).resume(random),
      sessionId,
      room: room && RoomState.restore(room, identity, policyOf(input)),
      early,
    };
  },
};

export const chatRoom: ActorDefinition = {
  kind: 'academy-actor',
  machine,
  restart: { kind: 'permanent' },
  contextCodec,
};

function policyOf({ options }: ActorInput<ChatRoomOptions>): TurnPolicy {
  return { ...defaultTurnPolicy, ...options.turnPolicy };
}

function deskOf(args: {
  context: RoomContext;
  enqueue: {
    emit: (effect: ActorEffect) => void;
    raise: (event: RoomEvent, options?: { delay?: number }) => void;
  };
}): Desk {
  const { context, enqueue } = args;
  if (!context.room) throw new Error('the room is not open');
  return {
    context,
    room: context.room,
    emit: (effect) => enqueue.emit(effect),
    later: (event, delayMs) => enqueue.raise(event, { delay: delayMs }),
  };
}

function handle(desk: Desk, event: RoomEvent): void {
  switch (event.type) {
    case 'room.send':
      return requestTurn(desk, event.data, event.atMs);
    case 'room.release':
      return release(desk, event.held, desk.context.input.nowMs());
    case 'room.stored':
      return stored(desk, event.data);
    case 'room.join':
      return join(desk, event.data, event.atMs);
    case 'room.leave':
      return leave(desk, event.data, event.atMs);
    case 'room.joined-read':
      return answerJoin(desk, event.data);
    case 'room.history':
      return readHistory(desk, event.data);
    case 'room.history-read':
      return historyRead(desk, event.data);
    case 'room.feedback':
      return feedback(desk, event.data, event.atMs);
    case 'room.judged-read':
      return judgedRead(desk, event.data, event.atMs);
    case 'room.typing':
      return typing(desk, event.data, event.atMs);
    case 'room.here':
      return here(desk, event.data.participantId);
    case 'room.node-gone':
      return nodeGone(desk, event.data.nodeId);
    case 'room.inspect':
      return inspect(desk, event.ask);
    case 'room.repaired':
      return repaired(desk, event.data);
    case 'room.digest':
      desk.room.digestPlanned = false;
      return publishDigest(desk);
    case 'academy.event':
      return hear(desk, event.data, event.atMs);
    case 'room.opened':
    case 'academy.resumed':
      return;
  }
}

function inspect(desk: Desk, ask: AskToken | undefined): void {
  if (!ask) return;
  const { room } = desk;
  const result = {
    ...room.record,
    members: room.members.everyone(),
    localMembers: room.members.localCount,
    remoteNodes: room.members.remoteNodes,
    deliveries: room.deliveries,
    pendingEntries: room.chain.pendingEntries,
    authors: Object.keys(room.chain.versions()).length,
    drops: room.drops,
  };
  desk.emit({ type: 'reply', ask, result });
}
