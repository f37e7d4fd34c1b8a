/** Messages and judgements for tests; every field that a test does not name has a plain value. */
import type { ChatMessage } from '../../../runtime/protocol/schemas/chat.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';
import { testNode } from './driveActor.js';

export const startMs = 1_700_000_000_000;

let messages = 0;

/** A person's message in the lobby, later than all before it. */
export function chatMessage(text: string, changes: Partial<ChatMessage> = {}): ChatMessage {
  messages += 1;
  const participantId = changes.participantId ?? 'eve';
  return {
    messageId: `m${messages}`,
    roomId: 'lobby',
    academyId: 'test-academy',
    participantId,
    participantType: 'human',
    username: participantId,
    text,
    messageType: 'text',
    trainingMode: 'active',
    sessionId: 's1',
    timestamp: startMs,
    aiGenerated: false,
    entry: {
      author: `${participantId}@${testNode}`,
      sequence: messages,
      previousHash: new Uint8Array(32),
      hybridTime: { ms: startMs, counter: messages },
      publicKey: new Uint8Array(32),
      signature: new Uint8Array(64),
    },
    ...changes,
  };
}

let judgements = 0;

/** Somebody says which answer the question should have had. */
export function correction(
  input: string,
  expectedAnswerId: string | null,
  actualAnswerId: string | null,
  changes: Partial<TrainingSignal> = {},
): TrainingSignal {
  judgements += 1;
  return {
    personaId: 'ada',
    academyId: 'test-academy',
    roomId: 'lobby',
    sessionId: 's1',
    messageId: `judged-${judgements}`,
    judge: `eve@${testNode}`,
    signal: {
      type: 'delayed',
      value: expectedAnswerId === actualAnswerId ? 1 : -1,
      category: 'technical',
      source: 'human_feedback',
      inputContext: input,
      expectedBehavior: '',
      actualBehavior: '',
      improvementSuggestion: '',
    },
    expectedAnswerId,
    actualAnswerId,
    propagateToNetwork: true,
    timestamp: startMs,
    ...changes,
  };
}
