/**
 * What a room's machine keeps while it is open. Built from what the store gives back, so that a room that was started
 * again continues where the log ends.
 */
import type { DropCounts, DropReason } from '../../runtime/protocol/dropReasons.js';
import type { NodeIdentity } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import { messageOfEntry } from '../../runtime/protocol/roomLog.js';
import type { ChatMessage } from '../../runtime/protocol/schemas/chat.js';
import type { RoomOpening, RoomRecord } from '../messages.js';
import { RoomChain } from './RoomChain.js';
import { RoomMembers } from './RoomMembers.js';
import { TurnHistory, type TurnPolicy } from './turnTaking.js';

export class RoomState {
  readonly record: RoomRecord;
  readonly chain: RoomChain;
  readonly members: RoomMembers;
  readonly turns: TurnHistory;
  /** Messages by id, oldest first; bounded. */
  readonly recent = new Map<string, ChatMessage>();
  /** Nodes that are being asked for missing entries now. */
  readonly repairing = new Set<string>();
  /** When such a node may be asked again, where it had nothing that could be taken. */
  readonly repairPauses = new Map<string, number>();
  readonly drops: DropCounts = {};
  /** Messages handed to members so far: shows that a message touches its own room only. */
  deliveries = 0;
  digestPlanned = false;
  lastDigestAtMs = Number.NEGATIVE_INFINITY;
  /** When it was last logged that entries are dated ahead. */
  skewToldAtMs = Number.NEGATIVE_INFINITY;

  constructor(opening: RoomOpening, identity: NodeIdentity, policy: TurnPolicy) {
    this.record = opening.room;
    const newest = opening.recent.at(-1)?.seal.hybridTime ?? null;
    this.chain = new RoomChain(opening.room.roomId, identity, opening.heads, newest);
    this.members = new RoomMembers(opening.seats);
    this.turns = new TurnHistory(policy);
    for (const entry of opening.recent) {
      const message = messageOfEntry(entry);
      if (message) this.remember(message);
    }
  }

  /** Notes a message that was said, here or elsewhere. */
  remember(message: ChatMessage): void {
    this.recent.set(message.messageId, message);
    this.turns.note({
      messageId: message.messageId,
      participantId: message.participantId,
      ai: message.aiGenerated,
      replyTo: message.replyTo,
      confidence: message.confidence,
    });
    if (this.recent.size <= limits.roomRecentMessagesMax) return;
    const oldest = this.recent.keys().next().value;
    if (oldest !== undefined) this.recent.delete(oldest);
  }

  /** The newest AI answer to a message, if one was said lately. */
  answerTo(messageId: string): ChatMessage | null {
    const answers = [...this.recent.values()].filter((message) => message.replyTo === messageId && message.aiGenerated);
    return answers.at(-1) ?? null;
  }

  countDrop(reason: DropReason): void {
    this.drops[reason] = (this.drops[reason] ?? 0) + 1;
  }
}
