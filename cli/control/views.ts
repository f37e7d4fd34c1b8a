/**
 * What a running node tells on its control socket, as plain JSON: the rooms' notices and the mesh's nodes without the
 * binary fields that only machines need, and with each node's alias beside its id.
 */
import type { ChatMessage, ChatParticipant, RoomConsent } from '../../index.js';

/** A node by the name that people know it by. */
export interface NodeLabel {
  readonly nodeId: string;
  readonly alias: string;
}

export interface MessageView {
  readonly messageId: string;
  readonly roomId: string;
  readonly participantId: string;
  readonly participantType: ChatMessage['participantType'];
  readonly username: string;
  readonly text: string;
  readonly messageType: ChatMessage['messageType'];
  readonly replyTo?: string;
  readonly aiGenerated: boolean;
  /** 0 to 1, as the AI said it. */
  readonly confidence?: number;
  readonly answerId?: string;
  readonly timestamp: number;
  /** The node that it was said on; null when it is the one that answers here. */
  readonly node: NodeLabel | null;
  /** Place in its author's chain. */
  readonly sequence: number;
}

/** What the person's seat hears, one at a time. */
export type NoticeView =
  | {
      readonly type: 'welcome';
      readonly roomId: string;
      readonly consent: RoomConsent;
      readonly members: readonly ChatParticipant[];
      readonly recent: readonly MessageView[];
    }
  | { readonly type: 'message'; readonly message: MessageView }
  | {
      readonly type: 'joined';
      readonly roomId: string;
      readonly participant: ChatParticipant;
      readonly node: NodeLabel | null;
    }
  | {
      readonly type: 'left';
      readonly roomId: string;
      readonly participantId: string;
      readonly node: NodeLabel | null;
      readonly reason: string;
    }
  | {
      readonly type: 'signal';
      readonly roomId: string;
      readonly judgeId: string;
      readonly judgeNode: NodeLabel | null;
      readonly personaId: string;
      /** -1 to 1. */
      readonly value: number;
      /** Answer that was expected; null: silence; absent: not said. */
      readonly expectedAnswerId?: string | null;
    }
  | {
      readonly type: 'typing';
      readonly roomId: string;
      readonly participantId: string;
      readonly username: string;
      /** After this nobody types any more, unless it is told again. */
      readonly expiresInMs: number;
    }
  | {
      readonly type: 'evolution';
      readonly roomId: string;
      readonly personaId: string;
      readonly trigger: string;
      readonly addedGenomes: readonly string[];
      /** What it can do now and could not before. */
      readonly newCapabilities: readonly string[];
      /** Measured change of accuracy on `measuredOn` items, -1 to 1. */
      readonly improvementScore: number;
      readonly measuredOn: number;
    };

/** What a persona can be asked, for suggestions and corrections. */
export interface AnswerView {
  readonly id: string;
  readonly title: string;
  readonly capability: string | null;
}

/** The first thing that one who attaches is told. */
export interface AttachedView {
  readonly type: 'attached';
  readonly person: ChatParticipant;
  readonly nodeId: string;
  readonly alias: string;
  readonly academyId: string;
  /** Rooms that the person sits in; what is typed goes to the first. */
  readonly rooms: readonly string[];
  readonly suggestions: readonly SuggestionView[];
}

export interface SuggestionView {
  readonly roomId: string;
  readonly personaId: string;
  readonly capability: string | null;
  readonly question: string;
}
