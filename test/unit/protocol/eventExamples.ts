/** One valid payload for each event, with every optional field, so that a test can break each of them in turn. */
import type { AcademyEventData } from '../../../runtime/protocol/events.js';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { emptyChain, sealEntry } from '../../../runtime/protocol/roomLog.js';
import type { ChatMessage, MessageBody } from '../../../runtime/protocol/schemas/chat.js';
import type { GenomeCandidate } from '../../../runtime/protocol/schemas/genome.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';

const identity = identityFromSeed(new Uint8Array(32).fill(1));
const nodeId: string = identity.nodeId;
const academyId = 'default';
const roomId = 'lobby';
const timestamp = 1_700_000_000_123;

const vector = Array.from(
  { length: limits.capabilityVectorDimensions },
  (_, index) => Math.sin(index) / Math.sqrt(limits.capabilityVectorDimensions),
);

const candidate: GenomeCandidate = {
  genomeId: 'a'.repeat(64),
  nodeId,
  compatibility: 0.9,
  estimatedImprovement: 0.25,
  transferCostBytes: 49_152,
};

const body: MessageBody = {
  messageId: 'm-1',
  roomId,
  academyId,
  participantId: 'ada',
  participantType: 'persona',
  personaId: 'ada',
  username: 'Ada',
  text: 'Use `satisfies` – it keeps the narrow type. 👍',
  messageType: 'text',
  replyTo: 'm-0',
  threadId: 'm-0',
  mentions: ['ann'],
  trainingMode: 'active',
  sceneId: 'scene-1',
  sessionId: 's-1',
  timestamp,
  aiGenerated: true,
  confidence: 0.75,
  answerId: 'ts-satisfies',
  performanceTracking: {
    technicalAccuracy: 0.9,
    collaborationQuality: 0.5,
    humanSatisfaction: 1,
    contextAwareness: 0,
    responseLatencyMs: 1.25,
    scorer: 'feedback',
    n: 12,
  },
  evolutionData: {
    capabilityGaps: ['banking'],
    suggestedGenomes: [candidate],
    evolutionUrgency: 'high',
    expectedImprovement: 0.2,
  },
};

function message(): ChatMessage {
  const { seal } = sealEntry(
    identity,
    'ada',
    emptyChain,
    { ms: timestamp, counter: 3 },
    {
      roomId,
      kind: 'message',
      body,
    },
  );
  return { ...body, entry: { ...seal, signature: new Uint8Array(seal.signature) } };
}

const aboutNode = {
  nodeId,
  alias: 'kitchen',
  academyId,
  publicKey: identity.publicKey,
  capabilities: { training: ['online'], genomes: ['a'.repeat(64)], personas: ['ada'], specializations: ['typescript'] },
  network: {
    host: '127.0.0.1',
    trainingPort: 47_100,
    genomePort: 47_100,
    collaborationPort: 40_001,
    uptimeMs: 5_000,
    capacity: { cpuLoadRatio: 0.5, memoryFreeBytes: 2 ** 33, storageFreeBytes: 2 ** 40, slotsFree: 1_000 },
  },
  rooms: [roomId],
  timestamp,
  signature: new Uint8Array(64).fill(5),
};

const participant: ChatParticipant = {
  id: 'ada',
  name: 'Ada',
  type: 'persona',
  traits: ['lora', 'rag'],
  capabilities: ['typescript-types'],
};

export const eventExamples: AcademyEventData = {
  'academy.chat.message': message(),
  'academy.chat.presence': {
    participantId: 'ada',
    personaId: 'ada',
    username: 'Ada',
    academyId,
    roomId,
    availability: 'online',
    activity: 'training',
    currentCapabilities: ['typescript-types'],
    activeGenomes: ['a'.repeat(64)],
    trainingSession: 's-1',
    collaborationPartners: ['bo'],
    evolutionProgress: { stage: 'testing', completionPercent: 62.5 },
    nodeCapacity: { slotsFree: 3, loadRatio: 0.25, trainingQueue: 7 },
    lastSeen: timestamp,
    timestamp,
  },
  'academy.chat.typing': { participantId: 'ann', username: 'Ann', roomId, academyId, expiresInMs: 3_000, timestamp },
  'academy.chat.room.join': { roomId, academyId, participant, nodeId, timestamp },
  'academy.chat.room.leave': { roomId, academyId, participantId: 'ada', nodeId, reason: 'lease-expired', timestamp },
  'academy.chat.user.list': {
    roomId,
    academyId,
    nodeId,
    participants: [participant],
    total: 1,
    leaseMs: 5_000,
    versions: { [`ada@${nodeId}`]: 12 },
    timestamp,
  },
  'academy.persona.evolution': {
    personaId: 'ada',
    academyId,
    roomId,
    evolution: {
      trigger: 'capability_gap',
      beforeCapabilities: ['typescript-types'],
      afterCapabilities: ['typescript-types', 'banking'],
      addedGenomes: ['a'.repeat(64)],
      removedLimitations: ['banking'],
      improvementScore: 0.31,
      measuredOn: 120,
      evolutionCostBytes: 49_152,
      evolutionCostMs: 17.5,
    },
    networkBroadcast: true,
    timestamp,
  },
  'academy.persona.capability.request': {
    requestId: 'r-1',
    personaId: 'ada',
    academyId,
    capability: 'banking',
    reason: 'capability_gap',
    timestamp,
  },
  'academy.persona.capability.acquired': {
    requestId: 'r-1',
    personaId: 'ada',
    academyId,
    capability: 'banking',
    outcome: 'acquired',
    genomeId: 'a'.repeat(64),
    reason: '31 points better on 120 held-out items',
    gain: 0.31,
    confidence: 0.99,
    timestamp,
  },
  'academy.training.signal': {
    personaId: 'ada',
    academyId,
    roomId,
    sessionId: 's-1',
    messageId: 'm-1',
    judge: `ann@${nodeId}`,
    signal: {
      type: 'immediate',
      value: -0.5,
      category: 'technical',
      source: 'human_feedback',
      inputContext: 'how do I freeze my account',
      expectedBehavior: 'freeze_account',
      actualBehavior: 'routing',
      improvementSuggestion: 'name the app',
    },
    expectedAnswerId: 'freeze_account',
    actualAnswerId: 'routing',
    propagateToNetwork: true,
    targetNodes: [nodeId],
    timestamp,
  },
  'academy.training.performance': {
    personaId: 'ada',
    academyId,
    roomId,
    sessionId: 's-1',
    scores: { technicalAccuracy: 0.9, collaborationQuality: 0.8, humanSatisfaction: 0.7, contextAwareness: 0.6 },
    scorer: 'held-out',
    n: 100,
    timestamp,
  },
  'academy.training.challenge': {
    challengeId: 'c-1',
    academyId,
    roomId,
    challenge: {
      title: 'Banking questions',
      description: 'Answer ten of them',
      type: 'technical',
      difficulty: 'medium',
      timeLimitSeconds: 1_800,
      participants: ['ada', 'bo'],
      judges: ['ann'],
      criteria: { technical: 0.4, collaborative: 0.3, innovative: 0.2, reliable: 0.1 },
    },
    coordinatorNodeId: nodeId,
    participantNodes: [nodeId],
    timestamp,
  },
  'academy.genome.discovery': {
    requestId: 'r-2',
    requesterId: 'ada',
    academyId,
    query: {
      requiredCapabilities: ['banking'],
      preferredCapabilities: ['credit_cards'],
      antipatterns: ['small_talk'],
      performanceThreshold: 0.6,
      maxLatencyMs: 50,
      contextSimilarity: 'questions on accounts',
      vector,
    },
    searchRadius: 'academy',
    maxResults: 5,
    timeoutMs: 1_000,
    timestamp,
  },
  'academy.genome.share': {
    requestId: 'r-2',
    genomeId: 'a'.repeat(64),
    shareFromNodeId: nodeId,
    shareToNodeId: '*',
    academyId,
    genome: {
      id: 'a'.repeat(64),
      name: 'banking',
      description: 'learnt from 1,200 signals',
      capabilities: ['banking'],
      performanceMetrics: {
        averageScore: 0.92,
        testsPassed: 110,
        humanSatisfactionRate: 0.9,
        collaborationSuccess: 0.5,
      },
      layers: [
        {
          id: 'l-1',
          name: 'banking',
          capability: 'banking',
          rank: 16,
          alpha: 16,
          trainedOn: ['b'.repeat(64)],
          performanceGain: 0.4,
        },
      ],
      baseModel: 'academy-hash-65536',
      trainingData: ['b'.repeat(64)],
      compatibilityVector: vector,
      bytes: 49_152,
    },
    sharingMode: 'torrent_chunk',
    chunkIndex: 0,
    totalChunks: 4,
    evidence: { before: 0.5, after: 0.9, n: 100 },
    timestamp,
  },
  'academy.lora.evolution': {
    personaId: 'ada',
    academyId,
    layerId: 'l-1',
    version: 2,
    previousVersion: 1,
    signals: 40,
    timestamp,
  },
  'academy.training.data': {
    academyId,
    personaId: 'ada',
    items: [{ input: 'freeze my account', expected: 'freeze_account' }],
    timestamp,
  },
  'academy.node.discovery': aboutNode,
  'academy.node.announce': { ...aboutNode, kind: 'alive' },
  'academy.node.discovered': { nodeId, discoveredBy: nodeId, timestamp },
  'academy.capability.query': { requestId: 'r-3', academyId, capability: 'banking', timestamp },
  'academy.capability.response': {
    requestId: 'r-3',
    academyId,
    nodeId,
    capability: 'banking',
    personas: ['bo'],
    timestamp,
  },
  'academy.collaboration.invite': {
    sessionId: 's-2',
    academyId,
    hostNodeId: nodeId,
    capability: 'banking',
    participantNodes: [nodeId],
    timestamp,
  },
  'academy.session.update': { sessionId: 's-2', academyId, state: 'running', participantNodes: [nodeId], timestamp },
};
