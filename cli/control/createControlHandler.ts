/**
 * What a running node does for those on its control socket: the same calls that a program makes, with parameters
 * checked and binary fields left out. Who can open the socket owns the node's files, so nothing is denied here.
 */
import { readFile } from 'node:fs/promises';
import {
  AcademyError,
  type AcademyEventData,
  type AcademyEventName,
  type AcademyNode,
  assertEventData,
  type EventMessage,
  eventByName,
  type PersonSeat,
  type RoomStatus,
} from '../../index.js';
import {
  Compile,
  type ControlHandler,
  type PersonaQuestions,
  parseKnowledgePack,
  type TSchema,
  Type,
  type Validator,
} from '../library.js';
import type {
  ControlMethod,
  ControlMethods,
  ControlStream,
  ControlStreams,
  NodeView,
  RoomView,
} from './ControlMethods.js';
import { withBytesAsText, withBytesRestored } from './jsonBytes.js';
import { type AnswersByPersona, requireKnownAnswer } from './requireKnownAnswer.js';
import { suggestQuestions } from './suggestQuestions.js';
import { ViewMaker } from './ViewMaker.js';
import type { AnswerView } from './views.js';

export interface ControlHandlerOptions {
  readonly node: AcademyNode;
  /** The seat of the person whom this node belongs to. */
  readonly person: PersonSeat;
  /** Rooms that the seat was given. */
  readonly rooms: readonly string[];
  /** Begins to end the node; returns at once, so that the answer still goes out. */
  readonly stop: () => void;
}

const Name = Type.String({ minLength: 1, maxLength: 512 });
const none = Type.Object({}, { additionalProperties: false });
const fields = <T extends Record<string, TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

const schemas: Readonly<Record<ControlMethod | ControlStream, TSchema>> = {
  status: none,
  stop: none,
  nodes: none,
  rooms: none,
  who: fields({ roomId: Name }),
  tree: none,
  inspect: fields({ name: Name }),
  supervisors: none,
  quarantined: none,
  forget: fields({ name: Name }),
  move: fields({ name: Name, shard: Type.Integer({ minimum: 0 }) }),
  routes: none,
  history: fields({
    roomId: Name,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    before: Type.Optional(Type.String({ maxLength: 512 })),
  }),
  say: fields({ roomId: Name, text: Type.String({ minLength: 1 }), replyTo: Type.Optional(Name) }),
  typing: fields({ roomId: Name }),
  feedback: fields({
    messageId: Name,
    roomId: Type.Optional(Name),
    value: Type.Optional(Type.Number({ minimum: -1, maximum: 1 })),
    expected: Type.Optional(Type.Union([Name, Type.Null()])),
    comment: Type.Optional(Type.String()),
  }),
  join: fields({ roomId: Name }),
  leave: fields({ roomId: Name }),
  personas: none,
  answers: fields({ personaId: Name }),
  deadletters: none,
  counters: none,
  execute: fields({
    endpoint: Type.String({ minLength: 1 }),
    payload: Type.Optional(Type.Unknown()),
    deadlineMs: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  }),
  ask: fields({
    actor: Name,
    type: Name,
    data: Type.Optional(Type.Unknown()),
    deadlineMs: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  }),
  emit: fields({ event: Name, data: Type.Unknown(), network: Type.Optional(Type.Boolean()) }),
  spawn: fields({
    source: Type.String({ minLength: 1 }),
    id: Type.Optional(Name),
    name: Type.Optional(Name),
    rooms: Type.Optional(Type.Array(Name)),
    options: Type.Optional(Type.Unknown()),
  }),
  attach: none,
  letters: none,
  events: fields({ event: Name, roomId: Type.Union([Name, Type.Null()]) }),
};

/** How long a person is taken to write after it was told; the chat tells it again sooner. */
const typingMs = 4_000;

type Methods = { [M in ControlMethod]: (params: ControlMethods[M]['params']) => Promise<ControlMethods[M]['result']> };
type Streams = {
  [S in ControlStream]: (
    params: ControlStreams[S]['params'],
    emit: (event: ControlStreams[S]['event']) => void,
  ) => Promise<() => void>;
};

export function createControlHandler(options: ControlHandlerOptions): ControlHandler {
  const methods = createMethods(options);
  const streams = createStreams(options);
  const validators = new Map<string, Validator>();

  const checked = (method: string, params: unknown): never => {
    const schema = Object.hasOwn(schemas, method) ? schemas[method as ControlMethod] : undefined;
    if (!schema) {
      throw new AcademyError('ERR_ACADEMY_COMMAND_UNKNOWN', `the control socket has no method "${method}"`, {
        remedy: `use one of: ${Object.keys(schemas).join(', ')}`,
      });
    }
    const validator = validators.get(method) ?? (Compile(schema) as Validator);
    validators.set(method, validator);
    if (validator.Check(params)) return params as never;
    const [fault] = validator.Errors(params);
    const place = fault?.instancePath ? `${fault.instancePath.slice(1)} ` : '';
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${method}: ${place}${fault?.message ?? 'does not fit'}`);
  };

  return async (method, given, { signal, emit }) => {
    const params = checked(method, withBytesRestored(given ?? {}));
    if (!Object.hasOwn(streams, method)) return withBytesAsText(await methods[method as ControlMethod](params));
    const hangUp = await streams[method as ControlStream](params, emit);
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    hangUp();
    return null;
  };
}

function createMethods({ node, person, stop }: ControlHandlerOptions): Methods {
  const views = new ViewMaker(node);
  const me = person.participant;
  /** Read once: personas read their packs at the start, too. */
  let answers: Promise<AnswersByPersona> | undefined;
  return {
    status: async () => ({ ...(await node.status()), person: me, pid: process.pid }),
    stop: async () => {
      stop();
      return { stopping: true };
    },
    nodes: async () => node.nodes().map(nodeView),
    rooms: async () => (await node.rooms()).map(roomView),
    who: async ({ roomId }) => roomView(await node.room(roomId)),
    tree: () => node.tree(),
    inspect: ({ name }) => node.inspect(name),
    supervisors: async () => node.supervisors(),
    quarantined: () => node.quarantined(),
    forget: async ({ name }) => {
      await node.forgetActor(name);
      return null;
    },
    move: ({ name, shard }) => node.move(name, shard),
    routes: async () => node.routeTable(),
    history: async (params) => {
      const { messages, cursor } = await node.history(params);
      return { messages: messages.map((message) => views.message(message)), cursor };
    },
    say: (message) => person.say(message),
    typing: async ({ roomId }) => {
      const data = { participantId: me.id, expiresInMs: typingMs };
      node.tell({ name: `room/${roomId}` }, 'room.typing', data);
      return null;
    },
    feedback: async ({ roomId, ...judgement }) => {
      const room = roomId ?? (await roomOfMessage(node, judgement.messageId));
      if (typeof judgement.expected === 'string') {
        answers ??= answersByPersona(node);
        const open = (await node.rooms()).find(({ roomId }) => roomId === room);
        // A room that is not open is told by the judging itself.
        if (open) requireKnownAnswer(judgement.expected, await answers, open.members);
      }
      return { ...(await person.judge({ roomId: room, ...judgement })), roomId: room };
    },
    join: ({ roomId }) => node.joinRoom({ roomId, participant: me, seat: `participant/${me.id}`, create: true }),
    leave: async ({ roomId }) => {
      await node.leaveRoom({ roomId, participantId: me.id });
      return null;
    },
    personas: () => node.ask('persona-manager', 'personas.list', null) as Promise<ControlMethods['personas']['result']>,
    answers: ({ personaId }) => answersOf(node, personaId),
    deadletters: () => node.deadLetters(),
    counters: async () => {
      const { counters, drops, transports } = await node.status();
      return { counters, drops, transports };
    },
    execute: ({ endpoint, payload = null, deadlineMs }) =>
      node.execute(endpoint, payload, deadlineMs === undefined ? {} : { deadlineMs }),
    ask: ({ actor, type, data = null, deadlineMs }) =>
      node.ask(actor, type, data, deadlineMs === undefined ? {} : { deadlineMs }),
    emit: async ({ event, data, network = false }) => {
      const name = event as AcademyEventName;
      const checked = assertEventData(name, data) as AcademyEventData[typeof name];
      return network ? node.events.emitToAcademyNetwork(name, checked) : node.events.emit(name, checked);
    },
    spawn: async ({ source, ...options }) => {
      const { participant, rooms } = await node.spawn(source, options);
      return { participant, rooms };
    },
  };
}

function createStreams({ node, person, rooms }: ControlHandlerOptions): Streams {
  const views = new ViewMaker(node);
  return {
    attach: async (_params, emit) => {
      const joined = (await node.rooms()).filter(({ members }) =>
        members.some(({ id }) => id === person.participant.id),
      );
      const known = joined.map(({ roomId }) => roomId);
      emit({
        type: 'attached',
        person: person.participant,
        nodeId: node.nodeId,
        alias: node.alias,
        academyId: node.academyId,
        // The configured order first: what is typed goes to the first room.
        rooms: [
          ...rooms.filter((roomId) => known.includes(roomId)),
          ...known.filter((roomId) => !rooms.includes(roomId)),
        ],
        suggestions: await suggestQuestions(joined, {
          answersOf: (personaId) => answersOf(node, personaId),
          answerTo: (personaId, question) =>
            node.ask(`participant/${personaId}`, 'persona.answer', { input: question }) as Promise<
              PersonaQuestions['persona.answer']['answer']
            >,
        }),
      });
      for (const { roomId } of joined) emit(await views.welcome(roomId));
      return person.onNotice((notice) => {
        const view = views.notice(notice);
        if (view) emit(view);
      });
    },
    letters: async (_params, emit) => {
      node.supervision.on('dead-letter', emit);
      return () => node.supervision.off('dead-letter', emit);
    },
    events: async ({ event, roomId }, emit) => {
      const definition = eventByName(event);
      if (!definition) {
        throw new AcademyError('ERR_ACADEMY_EVENT_UNKNOWN', `there is no event "${event}"`, {
          remedy: 'academy routes lists the families of events',
        });
      }
      if (definition.roomScoped === (roomId === null)) {
        const fault = definition.roomScoped ? 'is said in rooms: name one' : 'belongs to no room';
        throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${event} ${fault}`);
      }
      const tell = ({ name, sourceNode, data }: EventMessage): void => emit({ event: name, sourceNode, data });
      // The overloads tell room-scoped names from others at compile time; here the name has been checked above.
      const on = node.events.on.bind(node.events) as (name: string, ...listening: readonly unknown[]) => () => void;
      return roomId === null ? on(event, tell) : on(event, { room: roomId }, tell);
    },
  };
}

function nodeView(info: ReturnType<AcademyNode['nodes']>[number]): NodeView {
  const { nodeId, alias, academyId, self, rooms, capabilities, network } = info;
  const address = network.collaborationPort > 0 ? `${network.host}:${network.collaborationPort}` : null;
  return { nodeId, alias, academyId, self, rooms, personas: capabilities.personas, address, capabilities, network };
}

function roomView(room: RoomStatus): RoomView {
  const { roomId, topic = null, consent, members, localMembers, remoteNodes, deliveries } = room;
  return { roomId, topic, consent, members, localMembers, remoteNodes, deliveries };
}

async function roomOfMessage(node: AcademyNode, messageId: string): Promise<string> {
  for (const { roomId } of await node.rooms()) {
    if (await node.ask('room-log', 'log.message', { roomId, messageId })) return roomId;
  }
  throw new AcademyError('ERR_ACADEMY_MESSAGE_NOT_FOUND', `no room of this node has a message ${messageId}`, {
    remedy: 'academy history ROOM --json shows the ids of messages',
  });
}

async function answersByPersona(node: AcademyNode): Promise<AnswersByPersona> {
  const ids = node.config.personas.map(({ id }) => id);
  return new Map(await Promise.all(ids.map(async (id) => [id, await answersOf(node, id)] as const)));
}

/** What a persona of this node can answer, read from its packs; none for a participant that has no packs. */
async function answersOf(node: AcademyNode, personaId: string): Promise<readonly AnswerView[]> {
  const persona = node.config.personas.find(({ id }) => id === personaId);
  if (!persona) return [];
  const packs = await Promise.all(
    persona.knowledge.map(async (path) => parseKnowledgePack(await readFile(path, 'utf8'), path)),
  );
  return packs.flatMap(({ items }) => items.map(({ id, title, capability = null }) => ({ id, title, capability })));
}
