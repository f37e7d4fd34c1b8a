/**
 * A room: an actor on each node that has members there; no node owns it. What is said is sealed into its author's
 * chain, stored, and only then heard, here and elsewhere, so that nobody hears what a crash could take back. Rooms of
 * the same name on other nodes are told by multicast and repaired by comparing version vectors.
 */
import { assign, enqueueActions, setup } from 'xstate';
import {
  type ActorDefinition,
  type ActorEffect,
  type ActorInput,
  type AskToken,
  type DeliveredEvent,
  type DeliveredMessage,
  failure,
} from '../runtime/protocol/actors.js';
import type { EventMessage } from '../runtime/protocol/EventMessage.js';
import { ACADEMY_CHAT_EVENTS } from '../runtime/protocol/events.js';
import { identityFromSeed, type NodeId, type NodeIdentity } from '../runtime/protocol/identity.js';
import { limits } from '../runtime/protocol/limits.js';
import { type Random, seededRandom } from '../runtime/protocol/Random.js';
import { entryOfMessage, messageOfEntry, nodeOfAuthor, type RoomLogEntry } from '../runtime/protocol/roomLog.js';
import type { ChatMessage, MessageBody } from '../runtime/protocol/schemas/chat.js';
import type {
  AcademyChatResult,
  FeedbackParams,
  FeedbackResult,
  GetHistoryParams,
  GetHistoryResult,
  JoinRoomParams,
  JoinRoomResult,
  LeaveRoomParams,
  SendMessageParams,
  SendMessageResult,
} from '../runtime/protocol/schemas/commands.js';
import {
  actorNames,
  type RoomLogQuestions,
  type RoomNotices,
  type RoomOpening,
  type Seat,
  type SettledAs,
} from './messages.js';
import { feedbackSignal } from './room/feedbackSignal.js';
import { RoomState } from './room/RoomState.js';
import { defaultTurnPolicy, type TurnPolicy, type TurnRequest } from './room/turnTaking.js';

export interface ChatRoomOptions {
  readonly roomId: string;
  /** The node's private key: a room signs what its members say. */
  readonly nodeKeySeed: Uint8Array;
  readonly turnPolicy?: Partial<TurnPolicy>;
  /** Milliseconds between two leases of the member list. @default 1500 */
  readonly leaseEveryMs?: number;
}

interface RoomContext {
  readonly input: ActorInput<ChatRoomOptions>;
  readonly identity: NodeIdentity;
  readonly random: Random;
  readonly sessionId: string;
  /** Undefined until the log has been read. */
  readonly room: RoomState | undefined;
  /** What arrived before that. */
  readonly early: readonly RoomEvent[];
}

/** A command that the chat daemon has validated, with the token of who asked it. */
interface Forwarded<P> {
  readonly params: P;
  readonly ask: AskToken | undefined;
}

/** What a settled write was for. */
interface StoredTag {
  readonly entries: readonly RoomLogEntry[];
  /** Set when a member of this node said it. */
  readonly ask?: AskToken;
  readonly own: boolean;
}

export type RoomEvent =
  | DeliveredMessage<'room.opened', SettledAs<RoomOpening>>
  | DeliveredMessage<'room.send', Forwarded<SendMessageParams>>
  | { readonly type: 'room.release'; readonly held: Forwarded<SendMessageParams> }
  | DeliveredMessage<'room.stored', SettledAs<null>>
  | DeliveredMessage<'room.join', Forwarded<JoinRoomParams>>
  | DeliveredMessage<'room.leave', Forwarded<LeaveRoomParams>>
  | DeliveredMessage<'room.joined-read', SettledAs<RoomLogQuestions['log.history']['answer']>>
  | DeliveredMessage<'room.history', Forwarded<GetHistoryParams>>
  | DeliveredMessage<'room.history-read', SettledAs<RoomLogQuestions['log.history']['answer']>>
  | DeliveredMessage<'room.feedback', Forwarded<FeedbackParams>>
  | DeliveredMessage<'room.judged-read', SettledAs<RoomLogEntry | null>>
  | DeliveredMessage<'room.typing', { participantId: string; expiresInMs: number }>
  | DeliveredMessage<'room.here', { participantId: string }>
  | DeliveredMessage<'room.node-gone', { nodeId: string }>
  | DeliveredMessage<'room.inspect', null>
  | DeliveredMessage<'room.repaired', SettledAs<{ entries: readonly RoomLogEntry[]; more: boolean }>>
  | { readonly type: 'room.digest' }
  | DeliveredEvent;

/** Everything a handler may do: act on the world, and wake itself later. */
interface Desk {
  readonly context: RoomContext;
  readonly room: RoomState;
  readonly emit: (effect: ActorEffect) => void;
  readonly later: (event: RoomEvent, delayMs: number) => void;
}

const storeDeadlineMs = 10_000;
const repairDeadlineMs = 5_000;
const digestSoonMs = 25;
/** Messages that a new member is told of. */
const welcomeMessages = 50;
const leaseEveryMsDefault = 1_500;
/** A lease outlives two renewals that are lost. */
const leasesPerRenewal = 3.5;
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
    open: enqueueActions(({ context, enqueue }) => {
      const { roomId } = context.input.options;
      for (const event of heardEvents) enqueue.emit({ type: 'subscribe', event, roomId, remoteOnly: true });
      for (const event of heardEventsOfAllNodes) enqueue.emit({ type: 'subscribe', event, roomId });
      enqueue.emit(askRoomLog('log.open', { roomId }, 'room.opened'));
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
      const policy = { ...defaultTurnPolicy, ...context.input.options.turnPolicy };
      return { room: new RoomState(opening, context.identity, policy) };
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
  initial: 'opening',
  states: {
    opening: {
      entry: 'open',
      on: {
        'room.opened': [{ guard: 'opened', target: 'open', actions: 'takeOver' }, { actions: 'refuseToOpen' }],
        '*': { actions: 'keepForLater' },
      },
    },
    open: {
      entry: ['greet', 'forgetEarly'],
      on: { '*': { actions: 'handle' } },
      initial: 'leased',
      states: { leased: { after: { lease: { target: 'leased', reenter: true, actions: 'renewLease' } } } },
    },
  },
});

export const chatRoom: ActorDefinition = { kind: 'academy-actor', machine, restart: { kind: 'permanent' } };

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
      return;
  }
}

// ---- speaking ----

function requestTurn(desk: Desk, forwarded: Forwarded<SendMessageParams>, atMs: number): void {
  const { params, ask } = forwarded;
  const seat = desk.room.members.seat(params.participantId);
  if (!seat) return refuse(desk, ask, notAMember(params.roomId, params.participantId));
  const decision = desk.room.turns.request(turnRequest(desk, params));
  if (decision.turn === 'withdraw') return withdraw(desk, forwarded, atMs, decision.reason);
  if (decision.turn === 'speak') return speak(desk, forwarded, seat, atMs);
  desk.later({ type: 'room.release', held: forwarded }, decision.holdMs);
}

function release(desk: Desk, held: Forwarded<SendMessageParams>, atMs: number): void {
  const seat = desk.room.members.seat(held.params.participantId);
  if (!seat) return refuse(desk, held.ask, notAMember(held.params.roomId, held.params.participantId));
  const decision = desk.room.turns.release(turnRequest(desk, held.params));
  if (decision.turn === 'withdraw') return withdraw(desk, held, atMs, decision.reason);
  speak(desk, held, seat, atMs);
}

function turnRequest(desk: Desk, params: SendMessageParams): TurnRequest {
  const answered = params.replyTo === undefined ? undefined : desk.room.recent.get(params.replyTo);
  return {
    participantId: params.participantId,
    ai: params.metadata.aiGenerated,
    replyTo: params.replyTo,
    confidence: params.metadata.confidence,
    mentioned: answered?.mentions?.includes(params.participantId) ?? false,
    askedElsewhere: answered !== undefined && nodeOfAuthor(answered.entry.author) !== desk.context.identity.nodeId,
  };
}

function speak(desk: Desk, { params, ask }: Forwarded<SendMessageParams>, seat: Seat, atMs: number): void {
  const { room, context } = desk;
  const { participant } = seat;
  const mentions = params.mentions ?? room.members.mentionedIn(params.text);
  const body: MessageBody = {
    messageId: context.random.id(),
    roomId: room.record.roomId,
    academyId: context.input.academyId,
    participantId: participant.id,
    participantType: participant.type,
    ...(participant.type === 'persona' ? { personaId: participant.id } : {}),
    username: participant.name,
    text: params.text,
    messageType: params.messageType,
    ...(params.replyTo === undefined ? {} : { replyTo: params.replyTo }),
    ...(params.threadId === undefined ? {} : { threadId: params.threadId }),
    ...(mentions.length === 0 ? {} : { mentions: [...mentions] }),
    trainingMode: params.trainingMode ?? (room.record.consent === 'local' ? 'passive' : 'active'),
    sessionId: params.sessionId ?? context.sessionId,
    timestamp: atMs,
    aiGenerated: params.metadata.aiGenerated,
    ...(params.metadata.aiGenerated ? { confidence: params.metadata.confidence } : {}),
    ...(params.answerId === undefined ? {} : { answerId: params.answerId }),
    ...(params.performanceTracking === undefined ? {} : { performanceTracking: params.performanceTracking }),
  };
  const entry = room.chain.append(participant.id, atMs, 'message', body);
  const message = messageOfEntry(entry);
  // Noted before it is stored, so that two answers within one write do not both stand.
  if (message) room.remember(message);
  store(desk, { entries: [entry], own: true, ...(ask ? { ask } : {}) });
}

function withdraw(desk: Desk, { params, ask }: Forwarded<SendMessageParams>, atMs: number, reason: string): void {
  if (!ask) return;
  const result: SendMessageResult = {
    messageId: 'none',
    author: `${params.participantId}@${desk.context.identity.nodeId}`,
    sequence: 0,
    timestamp: atMs,
    receipt: 'withdrawn',
    reason,
  };
  desk.emit({ type: 'reply', ask, result });
}

function store(desk: Desk, tag: StoredTag): void {
  desk.emit(askRoomLog('log.append', { entries: tag.entries }, 'room.stored', tag));
}

function stored(desk: Desk, settled: SettledAs<null>): void {
  const { entries, ask, own } = settled.tag as StoredTag;
  if (settled.error) {
    // The chain in memory is ahead of the store now: start again from what is stored.
    if (ask) desk.emit({ type: 'reply', ask, error: settled.error });
    desk.emit({ type: 'fail', error: settled.error });
    return;
  }
  for (const entry of entries) {
    const message = messageOfEntry(entry);
    if (!message) continue;
    if (!own) desk.room.remember(message);
    notifyMembers(desk, 'room.message', withAnswered(desk, message));
    if (own) desk.emit({ type: 'publish', event: ACADEMY_CHAT_EVENTS.MESSAGE, data: message });
    if (!ask) continue;
    const { messageId, timestamp, sessionId, performanceTracking } = message;
    const { author, sequence } = entry.seal;
    const sent: SendMessageResult = { messageId, author, sequence, timestamp, receipt: 'stored' };
    // Who sends measured scores is told what was stored of them, and under which session.
    const result: SendMessageResult | AcademyChatResult = performanceTracking
      ? { ...sent, sessionId, performanceTracking }
      : sent;
    desk.emit({ type: 'reply', ask, result });
  }
}

function withAnswered(desk: Desk, message: ChatMessage): RoomNotices['room.message'] {
  const replyTo = message.replyTo === undefined ? undefined : desk.room.recent.get(message.replyTo);
  return { roomId: message.roomId, message, ...(replyTo ? { replyTo } : {}) };
}

// ---- members ----

function join(desk: Desk, { params, ask }: Forwarded<JoinRoomParams>, atMs: number): void {
  const { room, context } = desk;
  const { participant, seat: actor, roomId } = params;
  if (room.members.localCount >= limits.roomMembersMax) {
    return refuse(
      desk,
      ask,
      failure('ERR_ACADEMY_MAILBOX_FULL', `room ${roomId} has ${limits.roomMembersMax} members`),
    );
  }
  const seat: Seat = { participant, actor };
  if (room.members.join(seat)) {
    desk.emit(askRoomLog('seats.put', { roomId, seat }, 'room.seat-kept'));
    const nodeId = context.identity.nodeId;
    notifyMembers(desk, 'room.member-joined', { roomId, participant, nodeId }, participant.id);
    desk.emit({
      type: 'publish',
      event: ACADEMY_CHAT_EVENTS.ROOM_JOIN,
      data: { roomId, academyId: context.input.academyId, participant, nodeId, timestamp: atMs },
    });
    planDigest(desk);
  }
  welcome(desk, seat);
  // The place before what the welcome told of is known to the log only.
  if (ask) desk.emit(askRoomLog('log.history', { roomId, limit: welcomeMessages }, 'room.joined-read', ask));
}

function answerJoin(desk: Desk, settled: SettledAs<RoomLogQuestions['log.history']['answer']>): void {
  const ask = settled.tag as AskToken;
  if (!settled.result)
    return refuse(desk, ask, settled.error ?? failure('ERR_ACADEMY_STORE', 'the room log is silent'));
  const { record, members } = desk.room;
  const everyone = members.everyone();
  const nodes = members.remoteNodes.length + 1;
  const reach = record.consent === 'local' ? 'on this node' : 'within the academy';
  const result: JoinRoomResult = {
    roomId: record.roomId,
    members: [...everyone],
    cursor: settled.result.cursor,
    consent: record.consent,
    hearers: `${everyone.length} participants on ${nodes} ${nodes === 1 ? 'node' : 'nodes'}; feedback stays ${reach}`,
  };
  desk.emit({ type: 'reply', ask, result });
}

function leave(desk: Desk, { params, ask }: Forwarded<LeaveRoomParams>, atMs: number): void {
  const { room, context } = desk;
  const { roomId, participantId } = params;
  const seat = room.members.seat(participantId);
  if (seat?.participant.type === 'system') {
    return refuse(desk, ask, failure('ERR_ACADEMY_ADMIN_REQUIRED', 'the system participant stays in its rooms'));
  }
  if (room.members.leave(participantId)) {
    const nodeId = context.identity.nodeId;
    desk.emit(askRoomLog('seats.remove', { roomId, participantId }, 'room.seat-kept'));
    notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId, reason: 'left' });
    desk.emit({
      type: 'publish',
      event: ACADEMY_CHAT_EVENTS.ROOM_LEAVE,
      data: { roomId, academyId: context.input.academyId, participantId, nodeId, reason: 'left', timestamp: atMs },
    });
    planDigest(desk);
  }
  if (ask) desk.emit({ type: 'reply', ask, result: null });
}

/** A member's actor was started again and lost what it knew of the room. */
function here(desk: Desk, participantId: string): void {
  const seat = desk.room.members.seat(participantId);
  if (seat) welcome(desk, seat);
}

function welcome(desk: Desk, seat: Seat): void {
  const { record, members, recent } = desk.room;
  const data: RoomNotices['room.joined'] = {
    roomId: record.roomId,
    members: members.everyone(),
    consent: record.consent,
    recent: [...recent.values()].slice(-welcomeMessages),
  };
  desk.emit({ type: 'tell', to: { name: seat.actor }, message: { type: 'room.joined', data } });
}

function notifyMembers<K extends keyof RoomNotices>(desk: Desk, type: K, data: RoomNotices[K], except?: string): void {
  const seats = desk.room.members.localSeats().filter((seat) => seat.participant.id !== except);
  if (seats.length === 0) return;
  desk.room.deliveries += seats.length;
  desk.emit({ type: 'tellMany', to: seats.map((seat) => ({ name: seat.actor })), message: { type, data } });
}

// ---- history and feedback ----

function readHistory(desk: Desk, { params, ask }: Forwarded<GetHistoryParams>): void {
  const { roomId, before, limit = 50 } = params;
  desk.emit(
    askRoomLog('log.history', { roomId, limit, ...(before === undefined ? {} : { before }) }, 'room.history-read', ask),
  );
}

function historyRead(desk: Desk, settled: SettledAs<RoomLogQuestions['log.history']['answer']>): void {
  const ask = settled.tag as AskToken | undefined;
  if (!ask) return;
  if (!settled.result)
    return refuse(desk, ask, settled.error ?? failure('ERR_ACADEMY_STORE', 'the room log is silent'));
  const messages = settled.result.entries.map(messageOfEntry).filter((message) => message !== undefined);
  const result: GetHistoryResult = { messages, cursor: settled.result.cursor };
  desk.emit({ type: 'reply', ask, result });
}

function feedback(desk: Desk, forwarded: Forwarded<FeedbackParams>, atMs: number): void {
  const { params, ask } = forwarded;
  if (!desk.room.members.seat(params.judgeId)) return refuse(desk, ask, notAMember(params.roomId, params.judgeId));
  if (params.value === undefined && params.expected === undefined) {
    return refuse(desk, ask, failure('ERR_ACADEMY_BAD_ARGUMENT', 'feedback needs a value or an expected answer'));
  }
  const message = desk.room.recent.get(params.messageId);
  if (message) return judge(desk, forwarded, message, atMs);
  const { roomId, messageId } = params;
  desk.emit(askRoomLog('log.message', { roomId, messageId }, 'room.judged-read', forwarded));
}

function judgedRead(desk: Desk, settled: SettledAs<RoomLogEntry | null>, atMs: number): void {
  const forwarded = settled.tag as Forwarded<FeedbackParams>;
  const message = settled.result ? messageOfEntry(settled.result) : undefined;
  if (message) return judge(desk, forwarded, message, atMs);
  const { messageId, roomId } = forwarded.params;
  refuse(desk, forwarded.ask, failure('ERR_ACADEMY_MESSAGE_NOT_FOUND', `room ${roomId} has no message ${messageId}`));
}

function judge(desk: Desk, { params, ask }: Forwarded<FeedbackParams>, message: ChatMessage, atMs: number): void {
  const { room, context } = desk;
  const answer = message.aiGenerated ? message : room.answerTo(message.messageId);
  const question = message.aiGenerated
    ? message.replyTo === undefined
      ? null
      : (room.recent.get(message.replyTo) ?? null)
    : message;
  const judgeName = `${params.judgeId}@${context.identity.nodeId}`;
  const signal = feedbackSignal(params, { answer, question }, judgeName, room.record.consent, atMs);
  // The room hears its own signal by the way that all signals come, and tells its members then.
  desk.emit({
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.TRAINING_SIGNAL,
    data: signal,
    network: signal.propagateToNetwork,
  });
  if (!ask) return;
  const result: FeedbackResult = {
    messageId: signal.messageId,
    personaId: signal.personaId,
    value: signal.signal.value,
    heardBy: room.members.localCount,
    propagated: signal.propagateToNetwork,
  };
  desk.emit({ type: 'reply', ask, result });
}

function typing(desk: Desk, data: { participantId: string; expiresInMs: number }, atMs: number): void {
  const seat = desk.room.members.seat(data.participantId);
  if (!seat) return;
  const notice = {
    participantId: seat.participant.id,
    username: seat.participant.name,
    roomId: desk.room.record.roomId,
    academyId: desk.context.input.academyId,
    expiresInMs: data.expiresInMs,
    timestamp: atMs,
  };
  notifyMembers(desk, 'room.typing', { roomId: notice.roomId, typing: notice }, seat.participant.id);
  desk.emit({ type: 'publish', event: ACADEMY_CHAT_EVENTS.TYPING, data: notice });
}

// ---- other nodes ----

function hear(desk: Desk, event: EventMessage, atMs: number): void {
  const { room } = desk;
  const { roomId } = room.record;
  switch (event.name) {
    case ACADEMY_CHAT_EVENTS.MESSAGE:
      return ingest(desk, [entryOfMessage(event.data as ChatMessage)], event.sourceNode, atMs);
    case ACADEMY_CHAT_EVENTS.TRAINING_SIGNAL: {
      if (room.record.consent === 'local' && event.sourceNode !== desk.context.identity.nodeId) return;
      const signal = event.data as RoomNotices['room.signal']['signal'];
      return notifyMembers(desk, 'room.signal', { roomId, signal, fromNode: event.sourceNode });
    }
    case ACADEMY_CHAT_EVENTS.PERSONA_EVOLUTION: {
      const evolution = event.data as RoomNotices['room.evolution']['evolution'];
      return notifyMembers(desk, 'room.evolution', { roomId, evolution });
    }
    case ACADEMY_CHAT_EVENTS.TYPING: {
      const notice = event.data as RoomNotices['room.typing']['typing'];
      return notifyMembers(desk, 'room.typing', { roomId, typing: notice });
    }
    case ACADEMY_CHAT_EVENTS.PRESENCE: {
      const presence = event.data as RoomNotices['room.presence']['presence'];
      return notifyMembers(desk, 'room.presence', { roomId, presence });
    }
    case ACADEMY_CHAT_EVENTS.ROOM_JOIN: {
      const { participant } = event.data as EventMessage<'academy.chat.room.join'>['data'];
      const isNew = room.members.hearJoin(event.sourceNode, participant, atMs + leaseMs(desk));
      if (isNew) notifyMembers(desk, 'room.member-joined', { roomId, participant, nodeId: event.sourceNode });
      return;
    }
    case ACADEMY_CHAT_EVENTS.ROOM_LEAVE: {
      const { participantId, reason } = event.data as EventMessage<'academy.chat.room.leave'>['data'];
      if (!room.members.hearLeave(event.sourceNode, participantId)) return;
      return notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId: event.sourceNode, reason });
    }
    case ACADEMY_CHAT_EVENTS.USER_LIST:
      return hearDigest(desk, event as EventMessage<'academy.chat.user.list'>, atMs);
  }
}

function ingest(desk: Desk, entries: readonly RoomLogEntry[], sourceNode: NodeId | null, atMs: number): void {
  const ready: RoomLogEntry[] = [];
  let gap = false;
  for (const entry of entries) {
    const ingested = desk.room.chain.ingest(entry, sourceNode, atMs);
    if (ingested.drop) desk.room.countDrop(ingested.drop);
    ready.push(...ingested.ready);
    gap ||= ingested.gap;
  }
  if (ready.length > 0) store(desk, { entries: ready, own: false });
  if (gap && sourceNode) repair(desk, sourceNode);
}

function hearDigest(desk: Desk, event: EventMessage<'academy.chat.user.list'>, atMs: number): void {
  const { room } = desk;
  const { roomId, participants, leaseMs: theirLeaseMs, versions } = event.data;
  const nodeId = event.sourceNode;
  const isNewNode = !room.members.remoteNodes.includes(nodeId);
  const change = room.members.renew(nodeId, participants, atMs + theirLeaseMs);
  for (const participant of change.joined) {
    notifyMembers(desk, 'room.member-joined', { roomId, participant, nodeId });
  }
  for (const participantId of change.left) {
    notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId, reason: 'left' });
  }
  if (room.chain.lacks(versions)) repair(desk, nodeId);
  // A node that is new here, or behind, learns at once whom and what it can ask for.
  if (isNewNode || room.chain.isAheadOf(versions)) planDigest(desk);
}

/** Discovery knows sooner than a lease ends. */
function nodeGone(desk: Desk, nodeId: string): void {
  const { roomId } = desk.room.record;
  for (const participantId of desk.room.members.renew(nodeId, [], 0).left) {
    notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId, reason: 'node-gone' });
  }
}

function expireLeases(desk: Desk, nowMs: number): void {
  const { roomId } = desk.room.record;
  for (const { nodeId, participantIds } of desk.room.members.expire(nowMs)) {
    for (const participantId of participantIds) {
      notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId, reason: 'lease-expired' });
    }
  }
}

function repair(desk: Desk, nodeId: NodeId): void {
  const { room } = desk;
  if (room.repairing.has(nodeId)) return;
  room.repairing.add(nodeId);
  desk.emit({
    type: 'execute',
    endpoint: `/remote/${nodeId}/commands/room-entries`,
    payload: { roomId: room.record.roomId, versions: room.chain.versions(), limit: limits.repairEntriesMax },
    deadlineMs: repairDeadlineMs,
    settles: 'room.repaired',
    tag: nodeId,
  });
}

function repaired(desk: Desk, settled: SettledAs<{ entries: readonly RoomLogEntry[]; more: boolean }>): void {
  const nodeId = settled.tag as NodeId;
  desk.room.repairing.delete(nodeId);
  // A failed repair is tried again when the next digest shows that something is still missing.
  if (!settled.result) return;
  ingest(desk, settled.result.entries, null, desk.context.input.nowMs());
  if (settled.result.more) repair(desk, nodeId);
}

function planDigest(desk: Desk): void {
  if (desk.room.digestPlanned) return;
  desk.room.digestPlanned = true;
  desk.later({ type: 'room.digest' }, digestSoonMs);
}

function publishDigest(desk: Desk): void {
  const { room, context } = desk;
  const seats = room.members.localSeats();
  desk.emit({
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.USER_LIST,
    data: {
      roomId: room.record.roomId,
      academyId: context.input.academyId,
      nodeId: context.identity.nodeId,
      participants: seats.slice(0, limits.listItemsMax).map((seat) => seat.participant),
      total: seats.length,
      leaseMs: leaseMs(desk),
      versions: room.chain.versions(),
      timestamp: context.input.nowMs(),
    },
  });
}

function leaseMs(desk: Desk): number {
  return Math.round((desk.context.input.options.leaseEveryMs ?? leaseEveryMsDefault) * leasesPerRenewal);
}

// ---- answers ----

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

function refuse(desk: Desk, ask: AskToken | undefined, error: ReturnType<typeof failure>): void {
  if (ask) desk.emit({ type: 'reply', ask, error });
}

function notAMember(roomId: string, participantId: string): ReturnType<typeof failure> {
  return failure(
    'ERR_ACADEMY_NOT_A_MEMBER',
    `${participantId} is not a member of room ${roomId}`,
    'join the room first',
  );
}

function askRoomLog<Q extends keyof RoomLogQuestions>(
  question: Q,
  data: RoomLogQuestions[Q]['ask'],
  settles: string,
  tag?: unknown,
): ActorEffect {
  return {
    type: 'ask',
    to: { name: actorNames.roomLog },
    message: { type: question, data },
    deadlineMs: storeDeadlineMs,
    settles,
    tag,
  };
}
