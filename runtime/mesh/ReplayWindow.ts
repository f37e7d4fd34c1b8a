/**
 * Which packets were here before: a sliding bitmap (as in RFC 4303, 3.4.3) for each source and channel. A packet that
 * comes over two paths is taken once; a recorded one, or one of the source's earlier life, is never taken. From the
 * same numbers it tells how many packets of a source are missing.
 */
import { LRUCache } from 'lru-cache';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import { type Channel, channels, type PacketHeader } from '../protocol/packet.js';

/** What is known of one stream of packets since its session began to be heard. */
export interface StreamLoss {
  readonly source: NodeId;
  readonly channel: Channel;
  /** Sequence numbers between the lowest and the highest heard, both included. */
  readonly expected: number;
  readonly received: number;
}

export class ReplayWindow {
  readonly #sources: LRUCache<NodeId, (StreamWindow | undefined)[]>;

  /** @param sourcesMax nodes remembered; a forgotten node's packets are new again, so it is far above the peers */
  constructor(sourcesMax: number = limits.sourcesMax) {
    this.#sources = new LRUCache({ max: sourcesMax });
  }

  /** Whether the packet is here for the first time; remembers it. */
  accept(header: PacketHeader): boolean {
    let streams = this.#sources.get(header.sourceNode);
    if (!streams) {
      streams = [];
      this.#sources.set(header.sourceNode, streams);
    }
    const index = channels.indexOf(header.channel);
    const stream = streams[index];
    if (stream) return stream.accept(header.session, header.sequence);
    streams[index] = new StreamWindow(header.session, header.sequence);
    return true;
  }

  /** Gaps of the multicast streams; the reliable one has none, its numbers are shared among all receivers. */
  losses(): StreamLoss[] {
    const losses: StreamLoss[] = [];
    for (const [source, streams] of this.#sources.entries()) {
      for (const [index, stream] of streams.entries()) {
        const channel = channels[index];
        if (stream && channel && channel !== 'reliable') losses.push({ source, channel, ...stream.counts() });
      }
    }
    return losses;
  }
}

const windowSize = limits.replayWindowSize;

class StreamWindow {
  #session: number;
  #lowest: number;
  #highest: number;
  #received = 1;
  /** Bit s mod windowSize tells whether sequence s is here, for the windowSize numbers up to #highest. */
  readonly #seen = new Uint8Array(windowSize / 8);

  constructor(session: number, sequence: number) {
    this.#session = session;
    this.#lowest = sequence;
    this.#highest = sequence;
    this.#mark(sequence);
  }

  accept(session: number, sequence: number): boolean {
    if (session !== this.#session) return isLaterSession(session, this.#session) && this.#restart(session, sequence);
    if (sequence > this.#highest) this.#advanceTo(sequence);
    else if (this.#highest - sequence >= windowSize || this.#has(sequence)) return false;
    this.#mark(sequence);
    this.#received += 1;
    this.#lowest = Math.min(this.#lowest, sequence);
    return true;
  }

  counts(): Pick<StreamLoss, 'expected' | 'received'> {
    return { expected: this.#highest - this.#lowest + 1, received: this.#received };
  }

  #restart(session: number, sequence: number): true {
    this.#session = session;
    this.#lowest = sequence;
    this.#highest = sequence;
    this.#received = 1;
    this.#seen.fill(0);
    this.#mark(sequence);
    return true;
  }

  #advanceTo(sequence: number): void {
    if (sequence - this.#highest >= windowSize) this.#seen.fill(0);
    else for (let skipped = this.#highest + 1; skipped <= sequence; skipped++) this.#clear(skipped);
    this.#highest = sequence;
  }

  #has(sequence: number): boolean {
    return ((this.#seen[(sequence % windowSize) >> 3] ?? 0) & (1 << (sequence & 7))) !== 0;
  }

  #mark(sequence: number): void {
    const place = (sequence % windowSize) >> 3;
    this.#seen[place] = (this.#seen[place] ?? 0) | (1 << (sequence & 7));
  }

  #clear(sequence: number): void {
    const place = (sequence % windowSize) >> 3;
    this.#seen[place] = (this.#seen[place] ?? 0) & ~(1 << (sequence & 7));
  }
}

/** Sessions are tenths of a second modulo 2^32, so they are compared as serial numbers (RFC 1982). */
export function isLaterSession(session: number, than: number): boolean {
  return session !== than && (session - than) >>> 0 < 0x8000_0000;
}
