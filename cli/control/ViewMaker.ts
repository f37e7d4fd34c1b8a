/** Turns what a node says into views: drops seals, and puts the alias of other nodes beside what comes from them. */
import type { AcademyNode, ChatMessage, RoomNotices } from '../../index.js';
import type { MessageView, NodeLabel, NoticeView } from './views.js';

type Notice = { [K in keyof RoomNotices]: { readonly type: K; readonly data: RoomNotices[K] } }[keyof RoomNotices];

const welcomeMessages = 20;
/** Names of nodes that are remembered: far more than a person would meet in a sitting. */
const aliasesMax = 1_024;

export class ViewMaker {
  readonly #node: AcademyNode;
  /** Also of nodes that have gone since: their members' leaving is told after that. */
  readonly #aliases = new Map<string, string>();

  constructor(node: AcademyNode) {
    this.#node = node;
  }

  message(message: ChatMessage): MessageView {
    const { messageId, roomId, participantId, participantType, username, text, messageType, replyTo } = message;
    const { aiGenerated, confidence, answerId, timestamp, entry } = message;
    return {
      messageId,
      roomId,
      participantId,
      participantType,
      username,
      text,
      messageType,
      ...(replyTo === undefined ? {} : { replyTo }),
      aiGenerated,
      ...(confidence === undefined ? {} : { confidence }),
      ...(answerId === undefined ? {} : { answerId }),
      timestamp,
      node: this.#label(nodeOf(entry.author)),
      sequence: entry.sequence,
    };
  }

  /** What one needs to know of a room when one comes to it. */
  async welcome(roomId: string): Promise<NoticeView> {
    const [room, { messages }] = await Promise.all([
      this.#node.room(roomId),
      this.#node.history({ roomId, limit: welcomeMessages }),
    ]);
    const recent = messages.map((message) => this.message(message));
    return { type: 'welcome', roomId, consent: room.consent, members: room.members, recent };
  }

  /** @returns undefined for notices that a screen has no use for */
  notice(heard: { readonly type: keyof RoomNotices; readonly data: unknown }): NoticeView | undefined {
    const notice = heard as Notice;
    switch (notice.type) {
      case 'room.joined': {
        const { roomId, consent, members, recent } = notice.data;
        const messages = recent.slice(-welcomeMessages).map((message) => this.message(message));
        return { type: 'welcome', roomId, consent, members, recent: messages };
      }
      case 'room.message':
        return { type: 'message', message: this.message(notice.data.message) };
      case 'room.member-joined': {
        const { roomId, participant, nodeId } = notice.data;
        return { type: 'joined', roomId, participant, node: this.#label(nodeId) };
      }
      case 'room.member-left': {
        const { roomId, participantId, nodeId, reason } = notice.data;
        return { type: 'left', roomId, participantId, node: this.#label(nodeId), reason };
      }
      case 'room.signal': {
        const { roomId, signal, fromNode } = notice.data;
        return {
          type: 'signal',
          roomId,
          judgeId: signal.judge.replace(/@[^@]*$/, ''),
          judgeNode: this.#label(fromNode),
          personaId: signal.personaId,
          value: signal.signal.value,
          ...(signal.expectedAnswerId === undefined ? {} : { expectedAnswerId: signal.expectedAnswerId }),
        };
      }
      case 'room.evolution': {
        const { roomId, evolution } = notice.data;
        const { trigger, addedGenomes, beforeCapabilities, afterCapabilities, improvementScore, measuredOn } =
          evolution.evolution;
        return {
          type: 'evolution',
          roomId,
          personaId: evolution.personaId,
          trigger,
          addedGenomes,
          newCapabilities: afterCapabilities.filter((capability) => !beforeCapabilities.includes(capability)),
          improvementScore,
          measuredOn,
        };
      }
      case 'room.typing': {
        const { participantId, username, expiresInMs } = notice.data.typing;
        return { type: 'typing', roomId: notice.data.roomId, participantId, username, expiresInMs };
      }
      case 'room.presence':
        return undefined;
    }
  }

  /** @returns null for this node itself */
  #label(nodeId: string): NodeLabel | null {
    if (nodeId === this.#node.nodeId) return null;
    if (this.#aliases.size > aliasesMax) this.#aliases.clear();
    for (const node of this.#node.nodes()) this.#aliases.set(node.nodeId, node.alias);
    return { nodeId, alias: this.#aliases.get(nodeId) ?? nodeId.slice(0, 8) };
  }
}

function nodeOf(author: string): string {
  return author.slice(author.lastIndexOf('@') + 1);
}
