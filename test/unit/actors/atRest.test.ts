/** What rooms, personas and managers are made of can be put to rest at any moment, and goes on as if nothing had been. */
import fc from 'fast-check';
import t from 'tap';
import { EvidenceBook, evolutionDefaults } from '../../../actors/evolutionPolicy.js';
import { GenomeCatalogue } from '../../../actors/GenomeCatalogue.js';
import { HeldOutItems } from '../../../actors/HeldOutItems.js';
import type { RoomNotices } from '../../../actors/messages.js';
import { PersonaMind, type PersonaMindOptions } from '../../../actors/PersonaMind.js';
import { RoomContexts, type RoomContextsOptions } from '../../../actors/RoomContexts.js';
import { RoomChain } from '../../../actors/room/RoomChain.js';
import { RoomMembers } from '../../../actors/room/RoomMembers.js';
import { RoomState } from '../../../actors/room/RoomState.js';
import { defaultTurnPolicy, TurnHistory } from '../../../actors/room/turnTaking.js';
import { SignalGate } from '../../../actors/SignalGate.js';
import { identityFromSeed, type NodeId } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import type { ChatMessage } from '../../../runtime/protocol/schemas/chat.js';
import type { GenomeDescriptor } from '../../../runtime/protocol/schemas/genome.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';
import { chatMessage, correction } from './chatFixtures.js';
import { goesOnAsBefore } from './goesOnAsBefore.js';
import { learntGenome, questionFor, smallPack } from './learntGenome.js';

const people = ['ada', 'ben', 'cy'];
const somebody = fc.constantFrom(...people);
const someId = fc.nat({ max: 12 }).map((number) => `m${number}`);
const participant = (id: string): ChatParticipant => ({ id, name: id.toUpperCase(), type: 'human' });
const identity = (fill: number) => identityFromSeed(new Uint8Array(32).fill(fill));
const [here, there] = [identity(1), identity(2)] as const;

t.test('a repeatable source', async () => {
  goesOnAsBefore({
    make: () => seededRandom(11),
    snapshot: (random) => random.snapshot(),
    restore: (state) => seededRandom(3).resume(state),
    operations: fc.constantFrom('next' as const, 'id' as const, 'bytes' as const),
    apply: (random, operation) => (operation === 'bytes' ? random.bytes(7) : random[operation]()),
  });
});

t.test('the gate of signals', async () => {
  const options = { signalsPerJudgeMax: 3, windowMs: 1_000, rememberedMax: 6 };
  goesOnAsBefore({
    make: () => ({ gate: new SignalGate(options), atMs: 0 }),
    snapshot: ({ gate, atMs }) => ({ gate: gate.snapshot(), atMs }),
    restore: ({ gate, atMs }) => ({ gate: SignalGate.restore(gate, options), atMs }),
    operations: fc.record({ messageId: someId, judge: somebody, afterMs: fc.nat({ max: 400 }) }),
    apply: (it, { afterMs, ...signal }) => {
      it.atMs += afterMs;
      return [it.gate.admit(signal, it.atMs), { ...it.gate.counts }];
    },
  });
});

t.test('held-out items', async () => {
  goesOnAsBefore({
    make: () => new HeldOutItems(),
    snapshot: (items) => items.all,
    restore: (all) => HeldOutItems.from(all),
    operations: fc.record({ capability: somebody, input: someId, expected: fc.option(fc.constantFrom('x', 'y')) }),
    apply: (items, { capability, ...item }) => {
      items.add(capability, item);
      return [items.all, items.answerTo(item.input), items.paperFor(new Set(['ada']))];
    },
  });
});

t.test('the evidence of a loop', async () => {
  const thresholds = { ...evolutionDefaults, evidenceMin: 2, examItemsMin: 1, windowJudgements: 4 };
  goesOnAsBefore({
    make: () => new EvidenceBook(thresholds),
    snapshot: (book) => book.all,
    restore: (all) => EvidenceBook.restore(all, thresholds),
    operations: fc.record({
      what: fc.constantFrom('note', 'note', 'rest', 'forget'),
      capability: somebody,
      satisfaction: fc.double({ min: 0, max: 1, noNaN: true }),
      examItems: fc.nat({ max: 2 }),
      atMs: fc.nat({ max: 100_000 }),
    }),
    apply: (book, { what, capability, satisfaction, examItems, atMs }) => {
      if (what === 'note') book.note({ capability, satisfaction, examItems, roomId: capability });
      else if (what === 'rest') book.rest(capability, atMs);
      else book.forgetJudgements(capability);
      return [book.all, book.gap(atMs)];
    },
  });
});

t.test('the catalogue of genomes, when it is full, too', async () => {
  const vector = Array.from({ length: limits.capabilityVectorDimensions }, (_, at) => (at === 0 ? 1 : 0));
  const descriptor = (id: string): GenomeDescriptor => ({
    ...{ id, name: id, description: '', layers: [], baseModel: 'base', trainingData: [], bytes: 10 },
    capabilities: [`c${id.length % 3}`],
    performanceMetrics: { averageScore: null, testsPassed: 0, humanSatisfactionRate: null, collaborationSuccess: null },
    compatibilityVector: vector,
  });
  const query = { requiredCapabilities: [], preferredCapabilities: [], antipatterns: [], performanceThreshold: 0 };
  const full = new GenomeCatalogue(here.nodeId);
  for (let other = 0; other < 1_023; other++) full.announce(descriptor(`other-${other}`), there.nodeId);
  goesOnAsBefore({
    make: () => GenomeCatalogue.restore(full.snapshot(), here.nodeId),
    snapshot: (catalogue) => catalogue.snapshot(),
    restore: (snapshot) => GenomeCatalogue.restore(snapshot, here.nodeId),
    operations: fc.record({
      what: fc.constantFrom('store', 'announce', 'announce', 'announce', 'forget'),
      genomeId: fc.oneof(someId, fc.constantFrom('other-1', 'other-2')),
      nodeId: fc.constantFrom<NodeId>(here.nodeId, there.nodeId),
      n: fc.option(fc.nat({ max: 100 })),
    }),
    apply: (catalogue, { what, genomeId, nodeId, n }) => {
      const evidence = n === null ? undefined : { before: 0.2, after: 0.5, n };
      if (what === 'store') catalogue.store(descriptor(genomeId), n === null ? null : 'ada');
      else if (what === 'announce') catalogue.announce(descriptor(genomeId), nodeId, evidence);
      else catalogue.forgetHolder(genomeId, nodeId);
      const found = catalogue.find(query, 'ada', 'all');
      return [catalogue.stored, catalogue.evidenceOf(genomeId), found.length, found.slice(0, 20), found.slice(-20)];
    },
    stepsMax: 30,
    runs: 10,
  });
});

t.test('the members of a room', async () => {
  goesOnAsBefore({
    make: () => new RoomMembers([]),
    snapshot: (members) => members.snapshot(),
    restore: (snapshot) => RoomMembers.restore(snapshot),
    operations: fc.record({
      what: fc.constantFrom('join', 'leave', 'renew', 'hearJoin', 'hearLeave', 'expire'),
      who: somebody,
      others: fc.uniqueArray(somebody),
      node: fc.constantFrom('n1', 'n2'),
      atMs: fc.nat({ max: 1_000 }),
    }),
    apply: (members, { what, who, others, node, atMs }) => {
      const change = {
        join: () => members.join({ participant: participant(who), actor: `${node}/${who}` }),
        leave: () => members.leave(who),
        renew: () => members.renew(node, others.map(participant), atMs),
        hearJoin: () => members.hearJoin(node, participant(who), atMs),
        hearLeave: () => members.hearLeave(node, who),
        expire: () => members.expire(atMs),
      }[what]();
      return [change, members.everyone(), members.localSeats(), members.remoteNodes, members.mentionedIn('@ada @ben')];
    },
  });
});

const turn = fc.record({
  messageId: someId,
  participantId: somebody,
  ai: fc.boolean(),
  replyTo: fc.option(someId, { nil: undefined }),
});

t.test('the turns of a room', async () => {
  const policy = { ...defaultTurnPolicy, window: 5 };
  goesOnAsBefore({
    make: () => new TurnHistory(policy),
    snapshot: (turns) => turns.snapshot(),
    restore: (snapshot) => TurnHistory.restore(snapshot, policy),
    operations: turn,
    apply: (turns, said) => {
      const request = { ...said, confidence: 0.5, mentioned: false, askedElsewhere: false };
      const decisions = [turns.request(request), turns.release(request)];
      turns.note(said);
      return decisions;
    },
  });
});

/** What another node says, of which some never arrives, and some late. */
const elsewhereSaid = (() => {
  const chain = new RoomChain('lobby', there, {}, null);
  return Array.from({ length: 12 }, (_, number) =>
    chain.append(people[number % 3] as string, 1_000 + number, 'message', { messageId: `e${number}` }),
  );
})();

t.test('the chains of a room', async () => {
  goesOnAsBefore({
    make: () => new RoomChain('lobby', here, {}, null),
    snapshot: (chain) => chain.snapshot(),
    restore: (snapshot) => RoomChain.restore(snapshot, 'lobby', here),
    operations: fc.oneof(
      fc.record({ append: somebody, atMs: fc.nat({ max: 3_000 }) }),
      fc.record({ ingest: fc.constantFrom(...elsewhereSaid), atMs: fc.constantFrom(900, 2_000) }),
    ),
    apply: (chain, operation) => {
      const { atMs } = operation;
      const done =
        'append' in operation
          ? chain.append(operation.append, atMs, 'message', { text: 'hello' })
          : chain.ingest(operation.ingest, there.nodeId, atMs);
      return [done, chain.versions(), chain.pendingEntries, chain.lacks({ [`ada@${there.nodeId}`]: 2 })];
    },
    stepsMax: 30,
    runs: 30,
  });
});

t.test('a room', async () => {
  const opening = { room: { roomId: 'lobby', consent: 'academy' as const }, heads: {}, recent: [], seats: [] };
  const messages = Array.from({ length: 12 }, (_, number) =>
    chatMessage(`said ${number}`, {
      messageId: `m${number}`,
      aiGenerated: number % 2 === 1,
      replyTo: `m${number >> 1}`,
    }),
  );
  goesOnAsBefore({
    make: () => RoomState.open(opening, here, defaultTurnPolicy),
    snapshot: (room) => room.snapshot(),
    restore: (snapshot) => RoomState.restore(snapshot, here, defaultTurnPolicy),
    operations: fc.record({
      message: fc.constantFrom(...messages),
      who: somebody,
      drop: fc.constantFrom('bad-chain' as const, 'clock-skew' as const),
      number: fc.nat(),
    }),
    apply: (room, { message, who, drop, number }) => {
      room.remember(message);
      room.countDrop(drop);
      room.members.join({ participant: participant(who), actor: who });
      if (!room.repairing.delete(who)) room.repairing.add(who);
      room.repairPauses.set(who, number);
      room.deliveries += number;
      if (number % 2 === 0) room.digestPlanned = number % 4 === 0;
      if (number % 3 === 0) room.lastDigestAtMs = number;
      if (number % 5 === 0) room.skewToldAtMs = number;
      const { record, repairing, repairPauses, drops, deliveries, digestPlanned, lastDigestAtMs, skewToldAtMs } = room;
      const entry = room.chain.append(who, number, 'message', {});
      const request = {
        participantId: who,
        ai: true,
        replyTo: 'm3',
        confidence: 1,
        mentioned: false,
        askedElsewhere: false,
      };
      return [
        [record, new Set(repairing), new Map(repairPauses), { ...drops }, deliveries, digestPlanned, lastDigestAtMs],
        [skewToldAtMs, entry, room.answerTo(message.messageId), [...room.recent.keys()], room.turns.request(request)],
        room.members.everyone(),
      ];
    },
    stepsMax: 20,
    runs: 30,
  });
});

const rooms = ['lobby', 'kitchen'];
const notices = fc.record({
  what: fc.constantFrom('join', 'say', 'say', 'say', 'reply', 'enter', 'leave', 'state'),
  roomId: fc.constantFrom(...rooms),
  who: somebody,
  number: fc.nat({ max: 40 }),
  text: fc.constantFrom('parser grammar tokens', 'grammar rules', 'banana bread recipe', 'bread oven', 'yes'),
});
type Notice = typeof notices extends fc.Arbitrary<infer N> ? N : never;

function note<S>(contexts: RoomContexts<S>, { what, roomId, who, number, text }: Notice): unknown {
  const said = (changes: Partial<ChatMessage>): ChatMessage => {
    const messageId = `${roomId}/${number}`;
    const { entry } = chatMessage(text);
    const seal = { ...entry, sequence: number, hybridTime: { ms: 1_000 + (number % 7), counter: number } };
    return { ...chatMessage(text, { roomId, messageId, participantId: who, ...changes }), entry: seal };
  };
  switch (what) {
    case 'join': {
      const members = people.slice(number % 3).map(participant);
      const data: RoomNotices['room.joined'] = { roomId, members, consent: 'academy', recent: [said({})] };
      return contexts.note({ type: 'room.joined', data });
    }
    case 'enter':
      return contexts.note({
        type: 'room.member-joined',
        data: { roomId, participant: participant(who), nodeId: 'n' },
      });
    case 'leave':
      return contexts.note({
        type: 'room.member-left',
        data: { roomId, participantId: who, nodeId: 'n', reason: 'left' },
      });
    default:
      return contexts.note({
        type: 'room.message',
        data: { roomId, message: said(what === 'reply' ? { replyTo: `${roomId}/${number - 1}` } : {}) },
      });
  }
}

t.test('what an AI knows of its rooms', async () => {
  const options: RoomContextsOptions<number> = {
    self: participant('ada'),
    personalState: () => 0,
    historyMessagesMax: 5,
    roles: { kitchen: 'learner' },
  };
  goesOnAsBefore({
    make: () => new RoomContexts(options),
    snapshot: (contexts) => contexts.snapshot(),
    restore: (snapshot) => RoomContexts.restore(snapshot, options),
    operations: notices,
    apply: (contexts, notice) => {
      if (notice.what === 'state') contexts.setPersonalState(notice.roomId, notice.number);
      else note(contexts, notice);
      const views = rooms.map((roomId) => [contexts.get(roomId), contexts.consentOf(roomId)]);
      return [contexts.roomIds, contexts.personalStates(), views];
    },
  });
});

t.test('the mind of a persona, to the last bit of what it learns next', async () => {
  const options: PersonaMindOptions = {
    participant: { id: 'ada', name: 'Ada', type: 'persona', capabilities: ['chat'] },
    knowledge: smallPack,
    rank: 4,
    replayMax: 8,
    thresholds: { publishAfterSignals: 2, examItemsMin: 3 },
    signalGate: { signalsPerJudgeMax: 30, windowMs: 1_000, rememberedMax: 50 },
  };
  const genomes = [learntGenome('banking', 3), learntGenome('travel', 4)];
  const answers = ['bank-pin', 'bank-loan', 'trip-visa', 'trip-seat', 'of another pack', null];
  const operations = fc.record({
    what: fc.constantFrom(
      'hear',
      'hear',
      'hear',
      'judge',
      'judge',
      'judge',
      'note',
      'ask',
      'adopt',
      'drop',
      'consider',
      'wait',
    ),
    notice: notices,
    expected: fc.constantFrom(...answers),
    number: fc.nat({ max: 30 }),
    value: fc.integer({ min: -9, max: 9 }).map((tenths) => tenths / 10),
  });
  goesOnAsBefore({
    make: () => ({ mind: new PersonaMind(options, 17), atMs: 1_000 }),
    snapshot: ({ mind, atMs }) => ({ mind: mind.snapshot(), atMs }),
    restore: ({ mind, atMs }) => ({ mind: PersonaMind.fromSnapshot(mind, options), atMs }),
    operations,
    apply: (it, { what, notice, expected, number, value }) => {
      const { mind, atMs } = it;
      const question = questionFor(expected ?? 'nothing', number);
      const genome = genomes[number % 2] as (typeof genomes)[number];
      const capability = number % 2 === 0 ? 'banking' : 'travel';
      const signal = correction(question, expected, 'bank-pin', { messageId: question, roomId: notice.roomId });
      const { expectedAnswerId: _, ...judged } = { ...signal, signal: { ...signal.signal, value } };
      const done = {
        hear: () => mind.hear(signal, atMs),
        judge: () => mind.hear(judged, atMs),
        note: () => note(mind.contexts, notice),
        ask: () => mind.replyTo(chatMessage(`@ada ${question}`, { messageId: 'q', roomId: notice.roomId }), atMs),
        adopt: () => [mind.adopt(genome), mind.examine(genome)],
        drop: () => mind.drop(genome.manifest.id),
        consider: () => mind.noteConsidered(capability, number % 3 === 0),
        wait: () => {
          it.atMs += 400;
        },
      }[what]();
      return [
        [
          done,
          mind.report(),
          mind.gap(capability),
          mind.isRipe(capability),
          mind.answer(question),
          { ...mind.gate.counts },
        ],
        [mind.contexts.personalStates(), mind.contexts.get(notice.roomId), mind.performanceIn(notice.roomId, 1)],
        what === 'consider' ? mind.publication(here.nodeId, atMs) : null,
      ];
    },
    stepsMax: 60,
    runs: 25,
  });
});
