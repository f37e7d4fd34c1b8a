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
import { RoomChain, type RoomChainSnapshot } from './RoomChain.js';
import { RoomMembers, type RoomMembersSnapshot } from './RoomMembers.js';
import { TurnHistory, type TurnHistorySnapshot, type TurnPolicy } from './turnTaking.js';

/** A room at rest: plain data. */
export interface RoomStateSnapshot {
  readonly record: RoomRecord;
  readonly chain: RoomChainSnapshot;
  readonly members: RoomMembersSnapshot;
  readonly turns: TurnHistorySnapshot;
  readonly recent: readonly ChatMessage[];
  readonly repairing: readonly string[];
  readonly repairPauses: readonly (readonly [nodeId: string, untilMs: number])[];
  readonly drops: DropCounts;
  readonly deliveries: number;
  readonly digestPlanned: boolean;
  readonly lastDigestAtMs: number;
  readonly skewToldAtMs: number;
}

interface RoomParts {
  readonly chain: RoomChain;
  readonly members: RoomMembers;
  readonly turns: TurnHistory;
}

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

  private constructor(record: RoomRecord, { chain, members, turns }: RoomParts) {
    this.record = record;
    this.chain = chain;
    this.members = members;
    this.turns = turns;
  }

  static open({ room, heads, recent, seats }: RoomOpening, identity: NodeIdentity, policy: TurnPolicy): RoomState {
    const newest = recent.at(-1)?.seal.hybridTime ?? null;
    const state = new RoomState(room, {
      chain: new RoomChain(room.roomId, identity, heads, newest),
      members: new RoomMembers(seats),
      turns: new TurnHistory(policy),
    });
    for (const entry of recent) {
      const message = messageOfEntry(entry);
      if (message) state.remember(message);
    }
    return state;
  }

  static restore(snapshot: RoomStateSnapshot, identity: NodeIdentity, policy: TurnPolicy): RoomState {
    const { record, recent, repairing, repairPauses, drops } = snapshot;
    const state = new RoomState(record, {
      chain: RoomChain.restore(snapshot.chain, record.roomId, identity),
      members: RoomMembers.restore(snapshot.members),
      turns: TurnHistory.restore(snapshot.turns, policy),
    });
    for (const message of recent) state.recent.set(message.messageId, message);
    for (const nodeId of repairing) state.repairing.add(nodeId);
    for (const [nodeId, untilMs] of repairPauses) state.repairPauses.set(nodeId, untilMs);
    Object.assign(state.drops, drops);
    state.deliveries = snapshot.deliveries;
    state.digestPlanned = snapshot.digestPlanned;
    state.lastDigestAtMs = snapshot.lastDigestAtMs;
    state.skewToldAtMs = snapshot.skewToldAtMs;
    return state;
  }

  snapshot(): RoomStateSnapshot {
    const { record, chain, members, turns, recent, repairing, repairPauses, drops } = this;
    const { deliveries, digestPlanned, lastDigestAtMs, skewToldAtMs } = this;
    return {
      record,
      chain: chain.snapshot(),
      members: members.snapshot(),
      turns: turns.snapshot(),
      recent: [...recent.values()],
      repairing: [...repairing],
      repairPauses: [...repairPauses],
      drops: { ...drops },
      deliveries,
      digestPlanned,
      lastDigestAtMs,
      skewToldAtMs,
    };
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
