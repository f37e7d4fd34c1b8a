/**
 * The bounds that the requirements state, written out. events.test.ts breaks payloads by what the schemas say; here
 * stands what the schemas have to say.
 */
import t from 'tap';
import { type AcademyEventName, assertEventData, isEventData } from '../../../runtime/protocol/events.js';
import { eventExamples } from './eventExamples.js';

interface Bound {
  readonly accepted: readonly unknown[];
  readonly refused: readonly unknown[];
}

const text: Bound = { accepted: ['x', 'ü 👍', 'x'.repeat(128)], refused: ['', 5, null, undefined, 'x'.repeat(10_001)] };
const longText: Bound = { accepted: ['', 'x'.repeat(2_000)], refused: ['x'.repeat(2_001), 5, null] };
const ratio: Bound = { accepted: [0, 0.5, 1], refused: [-0.01, 1.01, Number.NaN, '0.5', undefined] };
const score: Bound = { accepted: [0, 1, null], refused: [-0.01, 1.01, Number.NaN, '0.5', undefined] };
const optionalText: Bound = { accepted: ['x', undefined], refused: ['', 5] };
const time: Bound = {
  accepted: [0, 1_700_000_000_000],
  refused: [-1, 1.5, Number.NaN, 1e300, '2026-01-01', undefined],
};
const count: Bound = { accepted: [0, 1, 1_000_000], refused: [-1, 0.5, Number.POSITIVE_INFINITY, '1'] };
const list: Bound = {
  accepted: [[], ['x'], Array(256).fill('x')],
  refused: [Array(257).fill('x'), [''], [1], 'x', undefined],
};
const optionalList: Bound = {
  accepted: [...list.accepted, undefined],
  refused: [Array(257).fill('x'), [''], [1], 'x'],
};
const words = (...accepted: string[]): Bound => ({ accepted, refused: ['', 'other', accepted.join('|'), 1, null] });
const vector: Bound = {
  accepted: [Array(512).fill(0.04)],
  refused: [Array(511).fill(0), Array(513).fill(0), [], Array(512).fill('0')],
};

const table: { readonly [N in AcademyEventName]?: Readonly<Record<string, Bound>> } = {
  'academy.chat.message': {
    personaId: optionalText,
    participantId: text,
    username: text,
    text: { accepted: ['x', 'x'.repeat(8_000)], refused: ['', 'x'.repeat(8_001), 5, undefined] },
    roomId: text,
    academyId: text,
    timestamp: time,
    messageId: text,
    trainingMode: words('active', 'passive', 'disabled'),
    participantType: words('human', 'ai_assistant', 'persona', 'system'),
    sceneId: optionalText,
    sessionId: text,
    confidence: { accepted: [0, 1, undefined], refused: [-0.01, 1.01] },
    aiGenerated: { accepted: [true, false], refused: [1, 'true', undefined] },
    'performanceTracking.technicalAccuracy': score,
    'performanceTracking.collaborationQuality': score,
    'performanceTracking.humanSatisfaction': score,
    'performanceTracking.responseLatencyMs': { accepted: [0, 0.5, 60_000], refused: [-1, Number.NaN] },
    'performanceTracking.contextAwareness': score,
    'evolutionData.capabilityGaps': list,
    'evolutionData.evolutionUrgency': words('low', 'medium', 'high'),
    'evolutionData.expectedImprovement': ratio,
    'evolutionData.suggestedGenomes.0.genomeId': text,
    'evolutionData.suggestedGenomes.0.nodeId': text,
    'evolutionData.suggestedGenomes.0.compatibility': ratio,
    'evolutionData.suggestedGenomes.0.estimatedImprovement': ratio,
    'evolutionData.suggestedGenomes.0.transferCostBytes': count,
  },
  'academy.persona.evolution': {
    personaId: text,
    academyId: text,
    roomId: text,
    'evolution.trigger': words(
      'capability_gap',
      'performance_optimization',
      'competitive_pressure',
      'collaborative_enhancement',
    ),
    'evolution.beforeCapabilities': list,
    'evolution.afterCapabilities': list,
    'evolution.addedGenomes': list,
    'evolution.removedLimitations': list,
    'evolution.improvementScore': { accepted: [-1, 0, 1], refused: [-1.01, 1.01, Number.NaN] },
    networkBroadcast: { accepted: [true], refused: [false, 1, 'true', undefined] },
    timestamp: time,
  },
  'academy.training.signal': {
    personaId: text,
    academyId: text,
    roomId: text,
    sessionId: text,
    messageId: text,
    'signal.type': words('immediate', 'delayed', 'meta'),
    'signal.value': { accepted: [-1, 0, 0.25, 1], refused: [-1.01, 1.01, Number.NaN, '1', null] },
    'signal.category': words('technical', 'collaborative', 'innovative', 'reliable'),
    'signal.source': words('human_feedback', 'compilation_result', 'test_outcome', 'system_stability', 'peer_review'),
    'signal.inputContext': longText,
    'signal.expectedBehavior': longText,
    'signal.actualBehavior': longText,
    'signal.improvementSuggestion': longText,
    expectedAnswerId: { accepted: ['x', null, undefined], refused: ['', 5] },
    propagateToNetwork: { accepted: [true, false], refused: [0, 'no', undefined] },
    targetNodes: optionalList,
    timestamp: time,
  },
  'academy.genome.discovery': {
    requestId: text,
    requesterId: text,
    academyId: text,
    'query.requiredCapabilities': list,
    'query.preferredCapabilities': list,
    'query.antipatterns': list,
    'query.performanceThreshold': ratio,
    'query.maxLatencyMs': { accepted: [0, 50, undefined], refused: [-1, 0.5] },
    'query.contextSimilarity': optionalText,
    'query.vector': { accepted: [...vector.accepted, undefined], refused: vector.refused },
    searchRadius: words('local', 'academy', 'mesh', 'global'),
    maxResults: { accepted: [1, 64], refused: [0, 65, 1.5, undefined] },
    timeoutMs: { accepted: [1, 10_000], refused: [0, -1, undefined] },
    timestamp: time,
  },
  'academy.genome.share': {
    genomeId: text,
    shareFromNodeId: text,
    shareToNodeId: text,
    academyId: text,
    'genome.id': text,
    'genome.name': text,
    'genome.description': text,
    'genome.capabilities': list,
    'genome.performanceMetrics.averageScore': score,
    'genome.performanceMetrics.testsPassed': count,
    'genome.performanceMetrics.humanSatisfactionRate': score,
    'genome.performanceMetrics.collaborationSuccess': score,
    'genome.layers.0.id': text,
    'genome.layers.0.name': text,
    'genome.layers.0.capability': text,
    'genome.layers.0.rank': { accepted: [1, 32], refused: [0, -1, 1.5] },
    'genome.layers.0.alpha': { accepted: [0.5, 32], refused: [0, -1] },
    'genome.layers.0.trainedOn': list,
    'genome.baseModel': text,
    'genome.trainingData': list,
    'genome.compatibilityVector': vector,
    sharingMode: words('full_copy', 'reference', 'torrent_chunk'),
    timestamp: time,
  },
  'academy.chat.presence': {
    personaId: optionalText,
    username: text,
    academyId: text,
    roomId: text,
    availability: words('online', 'away', 'offline'),
    activity: words('idle', 'training', 'evolving', 'collaborating'),
    currentCapabilities: list,
    activeGenomes: list,
    trainingSession: optionalText,
    collaborationPartners: optionalList,
    'evolutionProgress.stage': words('analyzing', 'selecting', 'integrating', 'testing'),
    'evolutionProgress.completionPercent': { accepted: [0, 50.5, 100], refused: [-0.01, 100.01] },
    'nodeCapacity.slotsFree': count,
    'nodeCapacity.loadRatio': ratio,
    'nodeCapacity.trainingQueue': count,
    lastSeen: time,
    timestamp: time,
  },
  'academy.training.challenge': {
    challengeId: text,
    academyId: text,
    roomId: text,
    'challenge.title': text,
    'challenge.type': words('technical', 'collaborative', 'creative', 'speed'),
    'challenge.difficulty': words('easy', 'medium', 'hard', 'expert'),
    'challenge.timeLimitSeconds': { accepted: [1, 1_800], refused: [0, -1, 1.5] },
    'challenge.participants': list,
    'challenge.judges': list,
    'challenge.criteria': {
      accepted: [{ technical: 0.25, collaborative: 0.25, innovative: 0.25, reliable: 0.25 }],
      refused: [
        { technical: 1, collaborative: 1, innovative: 0, reliable: 0 },
        { technical: 2, collaborative: -1, innovative: 0, reliable: 0 },
        { technical: 1, collaborative: 0, innovative: 0 },
      ],
    },
    coordinatorNodeId: text,
    participantNodes: list,
    timestamp: time,
  },
  'academy.training.performance': { 'scores.technicalAccuracy': score, scorer: text, n: count, timestamp: time },
  'academy.node.announce': {
    nodeId: text,
    kind: words('answer', 'alive', 'goodbye'),
    'network.collaborationPort': { accepted: [0, 65_535], refused: [-1, 65_536, 1.5, '80'] },
    'network.capacity.cpuLoadRatio': ratio,
    publicKey: {
      accepted: [new Uint8Array(32)],
      refused: [new Uint8Array(31), new Uint8Array(33), 'x'.repeat(32), null],
    },
    signature: { accepted: [new Uint8Array(64)], refused: [new Uint8Array(63), []] },
  },
};

/** A copy of the payload with another value at the path; `undefined` takes the field away. */
function withValue(payload: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(payload)) {
    return payload.map((item, index) => (index === Number(key) ? withValue(item, rest, value) : item));
  }
  const record = payload as Record<string, unknown>;
  if (!(key in record)) throw new Error(`the example has no ${key}`);
  const { [key]: former, ...others } = record;
  return rest.length === 0 && value === undefined ? others : { ...others, [key]: withValue(former, rest, value) };
}

for (const [name, bounds] of Object.entries(table) as [AcademyEventName, Readonly<Record<string, Bound>>][]) {
  t.test(`${name} keeps the bounds that are stated for it`, (t) => {
    for (const [path, { accepted, refused }] of Object.entries(bounds)) {
      const payloadWith = (value: unknown): unknown => withValue(eventExamples[name], path.split('.'), value);
      const wronglyRefused = accepted.filter((value) => !isEventData(name, payloadWith(value)));
      const wronglyAccepted = refused.filter((value) => isEventData(name, payloadWith(value)));
      t.strictSame({ wronglyRefused, wronglyAccepted }, { wronglyRefused: [], wronglyAccepted: [] }, path);
      const lastKey = path.split('.').findLast((key) => !/^\d+$/.test(key)) ?? path;
      for (const value of refused) {
        const message = new RegExp(lastKey);
        t.throws(() => assertEventData(name, payloadWith(value)), { code: 'ERR_ACADEMY_EVENT_INVALID', message });
      }
    }
    t.end();
  });
}
