import fc from 'fast-check';
import t from 'tap';
import { type Random, seededRandom } from '../../runtime/protocol/Random.js';
import { StreamSeal } from '../../transports/udp/stream/StreamSeal.js';
import {
  controlBytes,
  datagramKinds,
  dataHeader,
  frameHeader,
  writePrefix,
} from '../../transports/udp/stream/streamDatagrams.js';
import { datagramKey, type Listener, type Speaker, StreamWorld, upTo } from './StreamWorld.js';

/** Another member: it has the key of the academy, hears all that is said, and can send under any address. */
class Insider {
  readonly heard: Buffer[] = [];
  readonly #world: StreamWorld;
  readonly #victim: Speaker;
  readonly #seal: StreamSeal;

  constructor(world: StreamWorld, victim: Speaker) {
    this.#world = world;
    this.#victim = victim;
    this.#seal = new StreamSeal(datagramKey, victim.publisher.session);
    const receive = (bytes: Uint8Array): number => this.heard.push(Buffer.from(bytes));
    world.network.join('stream training', { nodeId: world.identity().nodeId, receive });
  }

  /** Runs of one slot, as they were sent. */
  get runs(): readonly Buffer[] {
    return this.heard.filter((datagram) => datagram[3] === datagramKinds.data && datagram[dataHeader.count] === 1);
  }

  /** A run of one slot with one frame, numbered as if it were the publisher's next. */
  forgedRun(number: number, proof: Uint8Array = Buffer.alloc(0)): Buffer {
    const payload = Buffer.alloc(40, number & 0xff);
    payload.writeUInt32BE(number, 0);
    const used = dataHeader.bytes + frameHeader.bytes + payload.length;
    const run = Buffer.alloc(used + proof.length);
    writePrefix(run, 0, datagramKinds.data, this.#victim.publisher.session);
    run.writeUIntBE(this.#victim.publisher.sequence, dataHeader.sequence, 6);
    run.writeUIntBE(this.#victim.publisher.position, dataHeader.position, 6);
    run.writeUInt16BE(run.length, dataHeader.datagramBytes);
    run.writeUInt16BE(used, dataHeader.usedBytes);
    run[dataHeader.count] = 1;
    run.writeUInt16BE(1, dataHeader.frames);
    run.writeUInt16BE(payload.length, dataHeader.bytes);
    run[dataHeader.bytes + frameHeader.kind] = 1;
    payload.copy(run, dataHeader.bytes + frameHeader.bytes);
    run.set(proof, used);
    return this.tagged(run);
  }

  tagged(run: Buffer): Buffer {
    this.#seal.runTag(run, dataHeader.tag, run.readUIntBE(dataHeader.sequence, 6)).copy(run, dataHeader.tag);
    return run;
  }

  sealed(datagram: Buffer): Buffer {
    this.#seal.sealControl(datagram);
    return datagram;
  }

  /** To the group, under the victim's address. */
  say(datagram: Buffer): void {
    this.#world.network.broadcast('stream training', this.#victim.identity.nodeId, datagram);
  }

  /** To one listener, under the victim's address. */
  tell(listener: Listener, datagram: Buffer): void {
    const direct = `stream-direct ${listener.identity.nodeId}`;
    this.#world.network.broadcast(direct, this.#victim.identity.nodeId, datagram);
  }
}

/** How many of a publisher's signatures were made. */
function counting(world: StreamWorld) {
  const identity = world.identity();
  let signatures = 0;
  const counted = {
    ...identity,
    sign: (bytes: Uint8Array) => {
      signatures += 1;
      return identity.sign(bytes);
    },
  };
  return { identity: counted, signatures: () => signatures };
}

t.test('of a proven stream every member hears every frame once and in order, repaired ones too', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(1_000_000),
        runSlotsMax: fc.constantFrom(1, 46),
        lossPerMille: fc.integer({ min: 0, max: 200 }),
        reorderPerMille: fc.integer({ min: 0, max: 200 }),
        duplicatePerMille: fc.integer({ min: 0, max: 200 }),
        streamClass: fc.constantFrom('ordered' as const, 'unordered' as const),
        sizes: fc.array(fc.integer({ min: 4, max: 1_348 }), { minLength: 1, maxLength: 40 }),
        frames: fc.integer({ min: 1, max: 1_000 }),
        pauses: fc.integer({ min: 1, max: 200 }),
      }),
      async ({ seed, runSlotsMax, streamClass, sizes, frames, pauses, ...conditions }) => {
        const world = new StreamWorld({ seed, runSlotsMax, conditions });
        const listeners = [world.listener(), world.listener()];
        const speaker = world.speaker({ isProven: true, streamClass });
        speaker.awaitMembers(2);
        for (let said = 0; said < frames; said += pauses) {
          speaker.sayAll(Math.min(pauses, frames - said), (index) => sizes[(said + index) % sizes.length] as number);
          world.clock.advance(1);
        }
        speaker.publisher.flush();
        world.until('all is heard', () => listeners.every(({ numbers }) => numbers.length >= frames));
        world.clock.advance(1_000);
        for (const { numbers, heard, stats } of listeners) {
          const inOrder = streamClass === 'ordered' ? numbers : [...numbers].sort((left, right) => left - right);
          if (numbers.length !== frames || inOrder.some((number, index) => number !== index)) return false;
          if (heard[0]?.damaged !== 0 || stats.lost !== 0 || stats.badProofs !== 0 || stats.badTags !== 0) return false;
          if (!heard[0].source.isProven) return false;
        }
        return true;
      },
    ),
    { numRuns: 60 },
  );
});

for (const isProven of [true, false]) {
  const what = isProven ? 'is not delivered, and evicts nobody' : 'is delivered where the stream carries no proofs';
  t.test(`a run that another member forges ${what}`, async (t) => {
    const world = new StreamWorld({ seed: 1 });
    const listener = world.listener();
    const speaker = world.speaker({ isProven });
    const insider = new Insider(world, speaker);
    speaker.awaitMembers(1);
    speaker.sayAll(5);
    speaker.publisher.flush();
    world.until('the beginning is heard', () => listener.numbers.length === 5);
    insider.say(insider.forgedRun(666));
    world.clock.advance(50);
    t.strictSame(listener.numbers, isProven ? upTo(5) : [...upTo(5), 666]);
    if (!isProven) return;
    speaker.sayAll(5);
    speaker.publisher.flush();
    world.until('all is heard', () => listener.numbers.length === 10);
    t.strictSame(listener.numbers, upTo(10));
    t.equal(listener.stats.badProofs, 1);
    t.equal(listener.stats.badTags, 0, 'its tag was right');
    t.equal(speaker.publisher.members, 1);
  });
}

t.test('no proof of one run proves another one, nor one that was changed', async (t) => {
  const world = new StreamWorld({ seed: 2, runSlotsMax: 1 });
  const random = seededRandom(22);
  const listener = world.listener();
  const speaker = world.speaker({ isProven: true });
  const insider = new Insider(world, speaker);
  speaker.awaitMembers(1);
  for (let round = 0; round < 300; round++) {
    speaker.sayAll(1);
    speaker.publisher.flush();
    world.clock.advance(2);
    const run = pick(insider.runs, random);
    const used = run.readUInt16BE(dataHeader.usedBytes);
    const stolen = insider.forgedRun(1_000 + round, run.subarray(used));
    insider.say(stolen);
    const changed = Buffer.from(run);
    changed.writeUIntBE(speaker.publisher.sequence, dataHeader.sequence, 6);
    insider.say(insider.tagged(changed));
    const flipped = Buffer.from(stolen);
    const at = used + Math.floor(random.next() * (run.length - used));
    flipped[at] = (flipped[at] as number) ^ (1 << Math.floor(random.next() * 8));
    insider.say(insider.tagged(flipped));
    insider.say(insider.tagged(cutTo(stolen, used + Math.floor(random.next() * (run.length - used)))));
    world.clock.advance(2);
  }
  world.until('all is heard', () => listener.numbers.length >= 300);
  t.strictSame(listener.numbers, upTo(300));
  t.ok(listener.stats.badProofs > 300, `${listener.stats.badProofs} were refused`);
});

t.test('nothing of a forged run is heard when its slots are mixed with true ones', async (t) => {
  const world = new StreamWorld({ seed: 3 });
  const listener = world.listener();
  const speaker = world.speaker({ isProven: true });
  const insider = new Insider(world, speaker);
  speaker.awaitMembers(1);
  for (let round = 0; round < 50; round++) {
    // Before the true one of the same number.
    insider.say(insider.forgedRun(10_000 + round));
    speaker.sayAll(20, () => 700);
    speaker.publisher.flush();
    world.clock.advance(5);
  }
  world.until('all is heard', () => listener.numbers.length >= 1_000);
  t.strictSame(listener.numbers, upTo(1_000));
});

t.test('another member can neither end a stream nor define what its ids mean', async (t) => {
  const world = new StreamWorld({ seed: 4, conditions: { delayMs: 20 } });
  const listener = world.listener();
  const speaker = world.speaker({ isProven: true });
  const insider = new Insider(world, speaker);
  t.ok(speaker.publisher.define(Buffer.from('ada')));
  const joins: Buffer[] = [];
  const witness = world.identity().nodeId;
  const receive = (bytes: Uint8Array): number => joins.push(Buffer.from(bytes));
  world.network.join(`stream-direct ${speaker.identity.nodeId}`, { nodeId: witness, receive });
  // The first setup is on its way; the request to join that follows reaches the witness only.
  world.network.partition([speaker.identity.nodeId], [listener.identity.nodeId, witness]);
  world.until('its request is heard', () => joins.some((datagram) => datagram[3] === datagramKinds.join));
  world.network.heal();
  const join = joins.find((datagram) => datagram[3] === datagramKinds.join) as Buffer;
  const word = Buffer.from('bob');
  const accept = Buffer.alloc(controlBytes.acceptHead + 2 + word.length + 64 + 16);
  writePrefix(accept, 0, datagramKinds.accept, speaker.publisher.session);
  join.copy(accept, 12, 12, 20);
  accept.writeUInt16BE(1, 30);
  accept.writeUInt16BE(1, 34);
  accept.writeUInt16BE(word.length, controlBytes.acceptHead);
  word.copy(accept, controlBytes.acceptHead + 2);
  insider.tell(listener, insider.sealed(accept));
  const end = Buffer.alloc(controlBytes.end);
  writePrefix(end, 0, datagramKinds.end, speaker.publisher.session);
  insider.say(insider.sealed(end));
  speaker.awaitMembers(1);
  speaker.sayAll(10);
  speaker.publisher.flush();
  world.until('all is heard', () => listener.numbers.length === 10);
  t.strictSame(new Set(listener.heard[0]?.definitions), new Set(['ada']));
  t.equal(listener.heard[0]?.end, null);
  t.ok(listener.stats.badProofs >= 2);
  speaker.publisher.close();
  world.until('the true end is heard', () => listener.heard[0]?.end === 'closed');
});

t.test('a signature stands for several runs where a stream is fast, and costs nobody its promptness', async (t) => {
  const world = new StreamWorld({ seed: 5 });
  const listener = world.listener({}, 1_024);
  const { identity, signatures } = counting(world);
  const speaker = world.speaker({ isProven: true, ringSlots: 4_096 }, identity);
  speaker.awaitMembers(1);
  const before = signatures();
  const runsBefore = speaker.publisher.stats().runsSent;
  speaker.sayAll(3_000, () => 600);
  speaker.publisher.flush();
  const runs = speaker.publisher.stats().runsSent - runsBefore;
  t.ok(signatures() - before <= runs / 2, `${signatures() - before} signatures for ${runs} runs`);
  world.until('all is heard', () => listener.numbers.length === 3_000);
  t.strictSame(listener.numbers, upTo(3_000));
  speaker.sayAll(1);
  world.clock.advance(10);
  t.equal(listener.numbers.length, 3_001, 'a single one waits for no others');
});

t.test('a lossy stream is not proven, and says so', async (t) => {
  const world = new StreamWorld({ seed: 6 });
  t.throws(() => world.speaker({ isProven: true, streamClass: 'lossy' }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});

function pick<T>(choices: readonly T[], random: Random): T {
  return choices[Math.floor(random.next() * choices.length)] as T;
}

function cutTo(run: Buffer, bytes: number): Buffer {
  const cut = Buffer.from(run.subarray(0, bytes));
  cut.writeUInt16BE(bytes, dataHeader.datagramBytes);
  return cut;
}
