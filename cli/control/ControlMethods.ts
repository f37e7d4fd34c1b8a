/** What one can ask of a running node on its control socket: by method, parameters and result. Its owner is an admin. */
import type {
  AcademyNode,
  ActorAddress,
  ActorInfo,
  ActorReport,
  ChatParticipant,
  DeadLetter,
  EventReceipt,
  FeedbackResult,
  JoinRoomResult,
  NodeStatus,
  QuarantinedMessage,
  RoomConsent,
  SendMessageResult,
  SupervisorInfo,
} from '../../index.js';
import type { PersonaReport, Route } from '../library.js';
import type { AnswerView, AttachedView, MessageView, NoticeView } from './views.js';

type Nothing = Readonly<Record<string, never>>;

type NodeInfo = ReturnType<AcademyNode['nodes']>[number];

/** A node of the mesh. */
export interface NodeView {
  readonly nodeId: string;
  readonly alias: string;
  readonly academyId: string;
  /** Whether it is the one that answers. */
  readonly self: boolean;
  readonly rooms: readonly string[];
  readonly personas: readonly string[];
  /** `address:port` of its reliable port; null where it is not known. */
  readonly address: string | null;
  /** What it says of itself. */
  readonly capabilities: NodeInfo['capabilities'];
  readonly network: NodeInfo['network'];
}

export interface RoomView {
  readonly roomId: string;
  readonly topic: string | null;
  readonly consent: RoomConsent;
  readonly members: readonly ChatParticipant[];
  readonly localMembers: number;
  readonly remoteNodes: readonly string[];
  /** Messages handed to members of this node since the start. */
  readonly deliveries: number;
}

/** Methods that answer once. */
export interface ControlMethods {
  status: { params: Nothing; result: NodeStatus & { readonly person: ChatParticipant; readonly pid: number } };
  stop: { params: Nothing; result: { readonly stopping: true } };
  nodes: { params: Nothing; result: readonly NodeView[] };
  rooms: { params: Nothing; result: readonly RoomView[] };
  who: { params: { roomId: string }; result: RoomView };
  tree: { params: Nothing; result: readonly ActorInfo[] };
  inspect: { params: { name: string }; result: ActorReport };
  supervisors: { params: Nothing; result: readonly SupervisorInfo[] };
  quarantined: { params: Nothing; result: readonly QuarantinedMessage[] };
  forget: { params: { name: string }; result: null };
  move: { params: { name: string; shard: number }; result: ActorAddress };
  routes: { params: Nothing; result: readonly Route[] };
  history: {
    params: { roomId: string; limit?: number; before?: string };
    result: { readonly messages: readonly MessageView[]; readonly cursor: string | null };
  };
  say: { params: { roomId: string; text: string; replyTo?: string }; result: SendMessageResult };
  /** The person begins to write; the room is told, and forgets it by itself. */
  typing: { params: { roomId: string }; result: null };
  /** Without a room, the message is looked for in all rooms of the node. */
  feedback: {
    params: { messageId: string; roomId?: string; value?: number; expected?: string | null; comment?: string };
    result: FeedbackResult & { readonly roomId: string };
  };
  join: { params: { roomId: string }; result: JoinRoomResult };
  leave: { params: { roomId: string }; result: null };
  personas: { params: Nothing; result: readonly PersonaReport[] };
  /** Answers that a persona of this node has in its knowledge packs. */
  answers: { params: { personaId: string }; result: readonly AnswerView[] };
  deadletters: { params: Nothing; result: readonly DeadLetter[] };
  counters: { params: Nothing; result: Pick<NodeStatus, 'counters' | 'drops' | 'transports'> };
  /** A command or message by its endpoint, here or on another node. */
  execute: { params: { endpoint: string; payload?: unknown; deadlineMs?: number }; result: unknown };
  /** A question to an actor of this node, by name. */
  ask: { params: { actor: string; type: string; data?: unknown; deadlineMs?: number }; result: unknown };
  /** An event of the closed list; its data are checked. */
  emit: { params: { event: string; data: unknown; network?: boolean }; result: EventReceipt };
  spawn: {
    params: { source: string; id?: string; name?: string; rooms?: readonly string[]; options?: unknown };
    result: { readonly participant: ChatParticipant; readonly rooms: readonly string[] };
  };
}

/** Methods that go on telling until the caller hangs up. */
export interface ControlStreams {
  /** What the person's seat hears. */
  attach: { params: Nothing; event: AttachedView | NoticeView };
  /** Dead letters as they come, at most 32 a turn of each shard. */
  letters: { params: Nothing; event: DeadLetter };
  /** One event: of one room, or with `roomId: null` one that belongs to no room. */
  events: {
    params: { event: string; roomId: string | null };
    event: { readonly event: string; readonly sourceNode: string; readonly data: unknown };
  };
}

export type ControlMethod = keyof ControlMethods;
export type ControlStream = keyof ControlStreams;

/** A running node, spoken to over its control socket. Nothing is open while nothing is asked. */
export interface NodeConnection {
  /** @throws AcademyError as the node answered, ERR_ACADEMY_NODE_NOT_RUNNING, ERR_ACADEMY_CONTROL, ERR_ACADEMY_DEADLINE */
  request<M extends ControlMethod>(
    method: M,
    params: ControlMethods[M]['params'],
    options?: { readonly deadlineMs?: number },
  ): Promise<ControlMethods[M]['result']>;
  /** Resolves when the signal fires; rejects with ERR_ACADEMY_CONTROL when the node goes. */
  stream<S extends ControlStream>(
    method: S,
    params: ControlStreams[S]['params'],
    onEvent: (event: ControlStreams[S]['event']) => void,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}
