/**
 * A ShardLink over two rings, one for each direction, and a MessagePort. Frames of plain data go through the ring;
 * what is more than that (ports, shared memory, instances of classes) or too large goes over the port, and a mark in
 * the ring keeps its place in the order. When the ring is full, frames wait here, bounded, until the other side has
 * made room: a Switchboard refuses messages when too many are under way, and events are refused by the link.
 *
 * ```
 *   post() ──► ring: message │ message │ mark │ many │      flush(): first the port, then the ring, one wake-up
 *          ╲                             ┆
 *           ╲─► port: ─────────────── [ spawn ]
 * ```
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { ActorAddress, ActorReference, AskToken } from '../../protocol/actors.js';
import { isActorAddress } from '../../protocol/actors.js';
import { limits } from '../../protocol/limits.js';
import { type Frame, isEventFrame, type LinkChannel, messagesIn } from '../frames.js';
import { RingQueue } from '../mailboxes/RingQueue.js';
import type { ShardLink, ShardLinkEnd } from '../shards/ShardLink.js';
import type { HopCounters } from './HopCounters.js';
import { Patience } from './Patience.js';
import { PlainReader } from './PlainReader.js';
import { PlainWriter } from './PlainWriter.js';
import { corruptRing, Ring } from './Ring.js';
import { RingReader } from './RingReader.js';
import { RingWriter } from './RingWriter.js';

/** Kinds of frames in the ring. */
const kinds = { message: 1, many: 2, plain: 3, onPort: 4, streamEvent: 5 } as const;
/** How a reference to an actor is written. */
const references = { none: 0, address: 1, other: 2 } as const;

/** A frame is first tried with so much room; it may take as much as there is. */
const claimBytes = 64;
/** Room is given back to the writer after so many frames, so that it need not wait for the last one. */
const framesPerRelease = 64;
/**
 * Messages and other frames that are read before what they bring is seen to, and I/O and timers get their time. Twice as
 * many would wait in mailboxes of their own more often, and a message to a thousand cost a third more.
 */
const framesPerTurn = 512;

type MessageFrame = Extract<Frame, readonly ['message', ...unknown[]]>;
type ManyFrame = Extract<Frame, readonly ['many', ...unknown[]]>;
type StreamEventFrame = Extract<Frame, readonly ['stream-event', ...unknown[]]>;

interface Waiting {
  readonly frame: Frame;
  readonly moves: readonly MessagePort[] | undefined;
}

/** Makes both ends of a link. The second one's port is to be moved to the other thread. */
export function makeLinkChannels(): [LinkChannel, LinkChannel] {
  const { port1, port2 } = new MessageChannel();
  const [there, back] = [Ring.allocate().memory, Ring.allocate().memory];
  return [
    { port: port1, outgoing: there, incoming: back },
    { port: port2, outgoing: back, incoming: there },
  ];
}

export interface RingLinkOptions {
  /** Calls back soon, but not before it returns. */
  readonly defer: (turn: () => void) => void;
  /** What crosses is counted there. */
  readonly hops?: HopCounters;
}

export class RingLink implements ShardLink {
  readonly #port: MessagePort;
  readonly #end: ShardLinkEnd;
  readonly #defer: (turn: () => void) => void;
  readonly #hops: HopCounters | undefined;
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #plainWriter: PlainWriter;
  readonly #plainReader: PlainReader;
  /** Frames for which there was no room. */
  readonly #waiting = new RingQueue<Waiting>();
  #eventsWaiting = 0;
  /** Frames for the port, whose marks are in the ring. */
  #forPort: Frame[] = [];
  #moves: MessagePort[] = [];
  /** Frames that came over the port, whose marks are still to be read. */
  #fromPort: (Frame | null)[] = [];
  #isPending = false;
  #isAwaitingRoom = false;
  #isClosed = false;
  readonly #patience = new Patience();
  readonly #roomPatience = new Patience();
  #isLooking = false;

  constructor(channel: LinkChannel, end: ShardLinkEnd, options: RingLinkOptions) {
    this.#port = channel.port;
    this.#end = end;
    this.#defer = options.defer;
    this.#hops = options.hops;
    this.#writer = new RingWriter(new Ring(channel.outgoing));
    this.#reader = new RingReader(new Ring(channel.incoming));
    this.#plainWriter = new PlainWriter(this.#writer.ring.bytes, this.#writer.ring.view);
    this.#plainReader = new PlainReader(this.#reader.ring.bytes, this.#reader.ring.view);
    this.#port.on('message', this.#arrived);
    this.#lookAgain();
  }

  post(frame: Frame, moves?: readonly MessagePort[]): void {
    if (this.#waiting.size > 0 || !this.#write(frame, moves)) this.#wait(frame, moves);
    if (this.#isPending) return;
    this.#isPending = true;
    this.#end.pending(this);
  }

  flush(): void {
    this.#isPending = false;
    if (this.#isClosed) return;
    this.#show();
    if (this.#waiting.size > 0) this.#awaitRoom();
  }

  drain(): void {
    while (this.#read(framesPerTurn) > 0);
  }

  close(): void {
    this.#isClosed = true;
    this.#forPort = [];
    this.#moves = [];
    this.#fromPort = [];
    this.#reader.wake();
    this.#writer.wake();
    this.#port.close();
  }

  // --- sending

  /** @returns false when there is no room for it now */
  #write(frame: Frame, moves: readonly MessagePort[] | undefined): boolean {
    const writer = this.#writer;
    const { frameBytesMax } = writer.ring;
    for (let length = claimBytes; moves === undefined && length <= frameBytesMax; length = writer.room + 1) {
      const place = writer.claim(length);
      if (place < 0) return false;
      const plain = this.#plainWriter;
      plain.begin(place, writer.room);
      const kind = this.#lay(frame);
      if (kind !== null) {
        writer.commit(kind, plain.at - place);
        this.#hops?.count('into the ring', plain.at - place, 0);
        return true;
      }
      plain.abandon();
      if (!plain.isFull) break;
    }
    if (writer.claim(0) < 0) return false;
    writer.commit(kinds.onPort, 0);
    this.#forPort.push(ownFrame(frame));
    if (moves) this.#moves.push(...moves);
    return true;
  }

  /** Writes a frame where the plain writer stands. @returns its kind, or null when it does not go there */
  #lay(frame: Frame): number | null {
    if (frame[0] === 'message' && typeof frame[3] === 'string') {
      return this.#layMessage(frame) ? kinds.message : null;
    }
    if (frame[0] === 'many' && typeof frame[2] === 'string') return this.#layMany(frame) ? kinds.many : null;
    if (frame[0] === 'stream-event') return this.#layStreamEvent(frame) ? kinds.streamEvent : null;
    return this.#plainWriter.value(frame) ? kinds.plain : null;
  }

  #layStreamEvent([, stream, eventId, position, bytes, start, end]: StreamEventFrame): boolean {
    const plain = this.#plainWriter;
    return plain.u32(stream) && plain.u32(eventId) && plain.f64(position) && plain.raw(bytes, start, end);
  }

  #layMessage([, slot, generation, type, data, from, ask, remote]: MessageFrame): boolean {
    const plain = this.#plainWriter;
    return (
      plain.u8((remote ? 1 : 0) | (ask ? 2 : 0)) &&
      plain.u32(slot) &&
      plain.f64(generation) &&
      plain.word(type) &&
      this.#layReference(from) &&
      (!ask || (plain.f64(ask.id) && this.#layReference(ask.asker))) &&
      plain.value(data)
    );
  }

  #layMany([, targets, type, data, from]: ManyFrame): boolean {
    const plain = this.#plainWriter;
    return plain.places(targets) && plain.word(type) && this.#layReference(from) && plain.value(data);
  }

  #layReference(reference: ActorReference | null): boolean {
    const plain = this.#plainWriter;
    if (reference === null) return plain.u8(references.none);
    if (!isActorAddress(reference)) return plain.u8(references.other) && plain.value(reference);
    const { shard, slot, generation } = reference;
    return plain.u8(references.address) && plain.u32(shard) && plain.u32(slot) && plain.f64(generation);
  }

  #wait(frame: Frame, moves: readonly MessagePort[] | undefined): void {
    // What is in the ring need not wait for the end of the turn: reading it makes room.
    if (this.#waiting.size === 0) this.#show();
    if (isEventFrame(frame)) {
      if (this.#eventsWaiting === limits.linkEventsMax) {
        this.#end.overfull(frame);
        return;
      }
      this.#eventsWaiting++;
    }
    this.#waiting.push({ frame: ownFrame(frame), moves });
  }

  #show(): void {
    if (this.#forPort.length > 0) this.#postToPort();
    this.#writer.flush(this.#wakeOther);
  }

  #awaitRoom(): void {
    if (this.#isAwaitingRoom) return;
    this.#isAwaitingRoom = true;
    const sleeping = this.#roomPatience.again() ? null : this.#writer.sleep();
    if (sleeping) void sleeping.then(this.#goOn);
    else this.#defer(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#isAwaitingRoom = false;
    if (this.#isClosed) return;
    for (let next = this.#waiting.at(0); next && this.#write(next.frame, next.moves); next = this.#waiting.at(0)) {
      this.#waiting.shift();
      this.#roomPatience.found();
      if (isEventFrame(next.frame)) this.#eventsWaiting--;
    }
    this.flush();
  };

  #postToPort(): void {
    const frames = this.#forPort;
    const moves = this.#moves;
    this.#forPort = [];
    if (moves.length > 0) this.#moves = [];
    try {
      this.#port.postMessage(frames, moves);
    } catch {
      this.#postEach(frames, moves);
    }
  }

  /** Finds the frames that cannot be cloned, so that they take no other with them; their marks find a null. */
  #postEach(frames: readonly Frame[], moves: readonly MessagePort[]): void {
    for (const frame of frames) {
      try {
        this.#port.postMessage([frame], frame[0] === 'link' ? moves.filter((port) => port === frame[2].port) : []);
      } catch (cause) {
        this.#port.postMessage([null]);
        this.#end.unsendable(frame, cause);
      }
    }
  }

  // --- receiving

  readonly #listen = (): void => {
    if (this.#isClosed) return;
    this.#isLooking = false;
    if (this.#read(framesPerTurn) > 0) {
      this.#patience.found();
      this.#end.received();
    }
    if (this.#isClosed) return;
    // A post wakes faster than Atomics.waitAsync does.
    if (this.#patience.again() || !this.#reader.doze()) this.#lookAgain();
  };

  #lookAgain(): void {
    this.#isLooking = true;
    this.#defer(this.#listen);
  }

  readonly #arrived = (frames: readonly (Frame | null)[] | null): void => {
    if (frames) this.#fromPort.push(...frames);
    if (!this.#isLooking) this.#listen();
  };

  readonly #wakeOther = (): void => this.#port.postMessage(null);

  /** Reads until there were so many; a message to many is as many. @returns how many there were */
  #read(framesMax: number): number {
    const reader = this.#reader;
    let count = 0;
    let sinceRelease = 0;
    try {
      while (count < framesMax && !this.#isClosed) {
        const messages = this.#next();
        if (messages === 0) break;
        count += messages;
        if (++sinceRelease === framesPerRelease) {
          sinceRelease = 0;
          reader.release();
        }
      }
    } finally {
      reader.release();
    }
    return count;
  }

  /** @returns 0 when there is no frame */
  #next(): number {
    let frame: Frame | null;
    try {
      if (!this.#reader.next()) return 0;
      frame = this.#decode();
    } catch (cause) {
      this.close();
      this.#end.broken(cause);
      return 0;
    }
    if (frame === null) return 1;
    this.#end.receive(frame);
    return frame[0] === 'many' ? Math.max(1, messagesIn(frame)) : 1;
  }

  #decode(): Frame | null {
    const { kind, offset, length } = this.#reader;
    const plain = this.#plainReader;
    plain.begin(offset, length);
    const madeBefore = plain.made;
    const copiedBefore = plain.bytesCopied;
    const frame = this.#frameOf(kind);
    this.#hops?.count('out of the ring', plain.bytesCopied - copiedBefore, plain.made - madeBefore);
    return frame;
  }

  #frameOf(kind: number): Frame | null {
    switch (kind) {
      case kinds.message:
        return this.#readMessage();
      case kinds.many:
        return this.#readMany();
      case kinds.plain:
        return this.#plainReader.value() as Frame;
      case kinds.streamEvent:
        return this.#readStreamEvent();
      case kinds.onPort:
        return this.#readPort();
      default:
        throw corruptRing(`a frame of kind ${kind}`);
    }
  }

  #readMessage(): MessageFrame {
    const plain = this.#plainReader;
    const flags = plain.u8();
    const slot = plain.u32();
    const generation = plain.f64();
    const type = plain.word();
    const from = this.#readReference();
    const ask: AskToken | null = flags & 2 ? { id: plain.f64(), asker: this.#readReference() as ActorAddress } : null;
    return ['message', slot, generation, type, plain.value(), from, ask, (flags & 1) === 1];
  }

  #readMany(): ManyFrame {
    const plain = this.#plainReader;
    const targets = plain.places();
    const type = plain.word();
    const from = this.#readReference();
    return ['many', targets, type, plain.value(), from];
  }

  #readStreamEvent(): StreamEventFrame {
    const plain = this.#plainReader;
    const [stream, eventId, position] = [plain.u32(), plain.u32(), plain.f64()];
    return ['stream-event', stream, eventId, position, this.#reader.ring.bytes, plain.at, plain.skipRest()];
  }

  #readReference(): ActorReference | null {
    const plain = this.#plainReader;
    const how = plain.u8();
    if (how === references.none) return null;
    if (how === references.other) return plain.value() as ActorReference;
    return { shard: plain.u32(), slot: plain.u32(), generation: plain.f64() };
  }

  /** The writer posts before it flushes, so what a mark stands for is there. */
  #readPort(): Frame | null {
    while (this.#fromPort.length === 0) {
      const posted = receiveMessageOnPort(this.#port);
      if (!posted) break;
      this.#fromPort = (posted.message as (Frame | null)[] | null) ?? [];
    }
    const frame = this.#fromPort.shift();
    if (frame === undefined) throw corruptRing('a frame that should have come over the port is not there');
    return frame;
  }
}

/** The frame for later: the payload of an event is its sender's, who may use the memory again. */
function ownFrame(frame: Frame): Frame {
  if (frame[0] === 'event') return ['event', frame[1], new Uint8Array(frame[2])];
  if (frame[0] !== 'stream-event') return frame;
  const [kind, stream, eventId, position, bytes, start, end] = frame;
  return [kind, stream, eventId, position, Buffer.from(bytes.subarray(start, end)), 0, end - start];
}
