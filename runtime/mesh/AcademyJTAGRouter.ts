/**
 * One door for everything that has a path: commands, actors and academies of this node and of others. It parses the
 * path, decides where it leads, and hands the message on; what comes back is the answer or a coded error, never
 * nothing. A path to another node that names this one is served here, without a socket.
 */

import type { ActorMessage } from '../protocol/actors.js';
import type { Clock } from '../protocol/Clock.js';
import { type AcademyCategory, type Endpoint, formatEndpoint, parseEndpoint } from '../protocol/endpoints.js';
import { AcademyError } from '../protocol/errors.js';
import { ACADEMY_EVENTS, type AcademyEventData, type AcademyEventName } from '../protocol/events.js';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import type { Random } from '../protocol/Random.js';
import { Fields, Phrase } from '../protocol/schemas/shapes.js';
import Type from '../protocol/typebox.js';
import type { AcademyEventSystem } from './AcademyEventSystem.js';
import type { CommandRegistry } from './CommandRegistry.js';
import type { JTAGMessage, JTAGResponse } from './JTAGMessage.js';
import type { RemoteCommandExecutor } from './RemoteCommandExecutor.js';
import { withDeadline } from './withDeadline.js';

/** A message for the academy of this node. */
export interface AcademyRequest {
  /** The path after the category. */
  readonly rest: readonly string[];
  readonly payload: unknown;
  /** This node, or the one that asked. */
  readonly from: NodeId;
  readonly deadlineMs: number;
}

export type AcademyHandler = (request: AcademyRequest) => Promise<unknown>;

/** What serves `/academy/{category}/…`; `default` gets the categories that the plan does not name. */
export interface AcademyHandlers {
  readonly training: AcademyHandler;
  readonly persona: AcademyHandler;
  readonly genome: AcademyHandler;
  readonly collaboration: AcademyHandler;
  readonly default: (request: AcademyRequest & { readonly category: string }) => Promise<unknown>;
}

export interface JTAGRouterParts {
  readonly nodeId: NodeId;
  readonly academyId: string;
  readonly clock: Clock;
  readonly random: Random;
  /** @throws AcademyError ERR_ACADEMY_NODE_UNKNOWN */
  readonly resolveNode: (idOrAlias: string) => NodeId;
  readonly events: Pick<AcademyEventSystem, 'emitToAcademyNetwork'>;
  readonly executor: Pick<RemoteCommandExecutor, 'executeRemoteCommand' | 'ask'>;
  readonly commands: CommandRegistry;
  readonly academy: AcademyHandlers;
  /** Asks an actor of this node. */
  readonly askActor: (name: string, message: ActorMessage, deadlineMs: number) => Promise<unknown>;
}

/** Where a message led: the node that answers, and its answer. */
interface Led {
  readonly nodeId: NodeId;
  readonly result: Promise<unknown>;
}

const genomeDiscover = 'academy-genome-discover';
const collaborate = 'academy-collaboration';

export class AcademyJTAGRouter {
  readonly #parts: JTAGRouterParts;

  /** Registers, for all members of the academy, the two commands by which their paths reach this node's academy. */
  constructor(parts: JTAGRouterParts) {
    this.#parts = parts;
    const schema = Fields({
      rest: Type.Array(Phrase, { maxItems: 32 }),
      payload: Type.Optional(Type.Unknown()),
    });
    for (const [command, category] of [
      [genomeDiscover, 'genome'],
      [collaborate, 'collaboration'],
    ] as const) {
      parts.commands.register(command, { allow: 'members', schema }, (request, { nodeId }) => {
        const { rest, payload } = request as { rest: string[]; payload?: unknown };
        return parts.academy[category]({ rest, payload, from: nodeId, deadlineMs: limits.commandDeadlineMs });
      });
    }
  }

  /**
   * Hands a message to whatever its endpoint names, and resolves with what that answers: a command's or actor's result,
   * or the EventReceipt of what was published.
   * @throws AcademyError ERR_ACADEMY_ENDPOINT_INVALID, ERR_ACADEMY_NODE_UNKNOWN, ERR_ACADEMY_DEADLINE,
   * ERR_ACADEMY_EVENT_INVALID, or what the command, actor or handler failed with
   */
  async routeMessage(message: JTAGMessage): Promise<unknown> {
    return (await this.request(message)).result;
  }

  /**
   * routeMessage() with the answer in its envelope: who has answered what.
   * @throws AcademyError as routeMessage() does
   */
  async request(message: JTAGMessage): Promise<JTAGResponse> {
    const { clock, random } = this.#parts;
    const { deadlineMs = limits.commandDeadlineMs } = message;
    const endpoint = parseEndpoint(message.endpoint);
    const { nodeId, result } = this.#lead(endpoint, message.payload, deadlineMs);
    return {
      correlationId: message.correlationId ?? random.id(),
      endpoint: message.endpoint,
      nodeId,
      result: await withDeadline(clock, deadlineMs, message.endpoint, result),
    };
  }

  #lead(endpoint: Endpoint, payload: unknown, deadlineMs: number): Led {
    const { nodeId } = this.#parts;
    switch (endpoint.kind) {
      case 'remote-academy':
        return this.#remoteAcademy(endpoint, payload, deadlineMs);
      case 'remote-command':
        return this.#remoteCommand(endpoint.node, endpoint.command, payload, deadlineMs);
      case 'remote':
        return this.#remoteActor(endpoint, payload, deadlineMs);
      case 'academy':
        return { nodeId, result: this.#localAcademy(endpoint.category, endpoint.rest, payload, deadlineMs) };
      case 'room-events':
        return { nodeId, result: this.#publishToRoom(endpoint, payload) };
      case 'local':
        return { nodeId, result: this.#local(endpoint, payload, deadlineMs) };
    }
  }

  #remoteAcademy(
    { node, category, rest }: Extract<Endpoint, { kind: 'remote-academy' }>,
    payload: unknown,
    deadlineMs: number,
  ): Led {
    const nodeId = this.#parts.resolveNode(node);
    const result =
      nodeId === this.#parts.nodeId
        ? this.#localAcademy(category, rest, payload, deadlineMs)
        : this.#networkAcademy(nodeId, category, rest, payload, deadlineMs);
    return { nodeId, result };
  }

  async #networkAcademy(
    node: NodeId,
    category: AcademyCategory,
    rest: readonly string[],
    payload: unknown,
    deadlineMs: number,
  ): Promise<unknown> {
    const { executor } = this.#parts;
    switch (category) {
      case 'training':
        return this.#sendTraining(node, rest, payload);
      case 'persona':
        return this.#sendEvolution(rest, payload);
      case 'collaboration':
        return executor.executeRemoteCommand(node, collaborate, { rest, payload }, { deadlineMs });
      case 'genome':
        if (rest[0] === 'discover') {
          return executor.executeRemoteCommand(node, genomeDiscover, { rest, payload }, { deadlineMs });
        }
        if (rest[0] === 'share') return this.#shareGenome(node, payload);
        throw new AcademyError('ERR_ACADEMY_ENDPOINT_INVALID', `"${rest[0] ?? ''}" is nothing one does with a genome`, {
          remedy: 'write /remote/{node}/academy/genome/discover or …/share',
        });
    }
  }

  /** To the node alone, or with `broadcast` in the path to every node. */
  #sendTraining(node: NodeId, rest: readonly string[], payload: unknown): Promise<unknown> {
    const data = { ...fieldsOf(payload), ...this.#stamp() } as AcademyEventData['academy.training.data'];
    const toAll = rest[0] === 'broadcast';
    return this.#parts.events.emitToAcademyNetwork(ACADEMY_EVENTS.TRAINING_DATA, data, {
      local: toAll,
      ...(toAll ? {} : { nodes: [node] }),
    });
  }

  /** The path names the persona; that it has evolved is news for every node. */
  #sendEvolution([personaId = '']: readonly string[], payload: unknown): Promise<unknown> {
    const data = { ...fieldsOf(payload), personaId, networkBroadcast: true, ...this.#stamp() };
    return this.#emit(ACADEMY_EVENTS.PERSONA_EVOLUTION, data as AcademyEventData['academy.persona.evolution']);
  }

  #shareGenome(node: NodeId, payload: unknown): Promise<unknown> {
    const share = fieldsOf(payload) as AcademyEventData['academy.genome.share'];
    const direction = { shareFromNodeId: this.#parts.nodeId, shareToNodeId: node };
    return this.#parts.events.emitToAcademyNetwork(
      ACADEMY_EVENTS.GENOME_SHARE,
      { ...share, ...direction, ...this.#stamp() },
      { local: false, nodes: [node] },
    );
  }

  #remoteCommand(node: string, command: string, payload: unknown, deadlineMs: number): Led {
    const nodeId = this.#parts.resolveNode(node);
    return { nodeId, result: this.#parts.executor.executeRemoteCommand(nodeId, command, payload, { deadlineMs }) };
  }

  #remoteActor(endpoint: Extract<Endpoint, { kind: 'remote' }>, payload: unknown, deadlineMs: number): Led {
    const nodeId = this.#parts.resolveNode(endpoint.node);
    const name = actorNameOf(endpoint);
    const message = actorMessageOf(endpoint, payload);
    const result =
      nodeId === this.#parts.nodeId
        ? this.#parts.askActor(name, message, deadlineMs)
        : this.#parts.executor.ask(nodeId, name, message, { deadlineMs });
    return { nodeId, result };
  }

  async #localAcademy(
    category: string,
    rest: readonly string[],
    payload: unknown,
    deadlineMs: number,
  ): Promise<unknown> {
    const { academy, nodeId } = this.#parts;
    const request: AcademyRequest = { rest, payload, from: nodeId, deadlineMs };
    switch (category) {
      case 'training':
      case 'persona':
      case 'genome':
      case 'collaboration':
        return academy[category](request);
      default:
        return academy.default({ ...request, category });
    }
  }

  /** An event said to a room by its path. */
  async #publishToRoom(endpoint: Extract<Endpoint, { kind: 'room-events' }>, payload: unknown): Promise<unknown> {
    if (endpoint.event === '*') throw nothingAt(endpoint, 'name one event: only listeners may write *');
    const data = fieldsOf(payload);
    if (data.roomId !== endpoint.roomId) throw nothingAt(endpoint, `the payload's roomId must be ${endpoint.roomId}`);
    return this.#emit(endpoint.event, data as AcademyEventData[AcademyEventName]);
  }

  async #local(endpoint: Extract<Endpoint, { kind: 'local' }>, payload: unknown, deadlineMs: number): Promise<unknown> {
    const { commands, nodeId, askActor } = this.#parts;
    const [first, command, ...further] = endpoint.rest;
    if (first === 'commands' && command && further.length === 0) {
      return commands.run(command, payload, { nodeId, local: true });
    }
    return askActor(actorNameOf(endpoint), actorMessageOf(endpoint, payload), deadlineMs);
  }

  #emit<N extends AcademyEventName>(name: N, data: AcademyEventData[N]): Promise<unknown> {
    return this.#parts.events.emitToAcademyNetwork(name, data);
  }

  /** What the sender of a declared payload need not write, and must not forge. */
  #stamp(): { readonly academyId: string; readonly timestamp: number } {
    return { academyId: this.#parts.academyId, timestamp: Math.floor(this.#parts.clock.nowMs()) };
  }
}

/** `/actors/{name}`; names of actors have slashes of their own. */
function actorNameOf(endpoint: Extract<Endpoint, { kind: 'remote' | 'local' }>): string {
  const [first, ...name] = endpoint.rest;
  if (first === 'actors' && name.length > 0) return name.join('/');
  throw nothingAt(endpoint, 'write …/actors/{name}, …/commands/{command} or …/academy/{category}');
}

function actorMessageOf(endpoint: Endpoint, payload: unknown): ActorMessage {
  const { type, data } = fieldsOf(payload);
  if (typeof type === 'string') return { type, data };
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${formatEndpoint(endpoint)} takes { type, data }`);
}

function fieldsOf(payload: unknown): Readonly<Record<string, unknown>> {
  if (typeof payload === 'object' && payload !== null) return payload as Readonly<Record<string, unknown>>;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'the payload must be an object');
}

function nothingAt(endpoint: Endpoint, remedy: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_ENDPOINT_INVALID', `nothing is served at ${formatEndpoint(endpoint)}`, {
    remedy,
  });
}
