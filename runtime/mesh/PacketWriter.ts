/**
 * Gives packets their header and seals them: one session for each start of the node, one sequence for each channel of
 * it. All packets of a node are made here, so that no two have the same number.
 */
import type { Clock } from '../protocol/Clock.js';
import type { NodeId } from '../protocol/identity.js';
import {
  type Channel,
  channels,
  type PacketHeader,
  type PacketSealer,
  type Priority,
  sessionAt,
} from '../protocol/packet.js';
import type { Random } from '../protocol/Random.js';

export interface PacketContents {
  readonly eventId: number;
  readonly channel: Channel;
  readonly priority: Priority;
  readonly topic: number;
  /** 32 hexadecimal characters; drawn when absent or malformed. */
  readonly traceId?: string | undefined;
}

/** Sequences have 32 bits. */
const lastSequence = 0xffff_ffff;
const traceIdBytes = 16;
/** Trace ids drawn at a time: asking the system for 16 bytes costs as much as for thousands. */
const traceIdsDrawn = 256;
const traceIdPattern = /^[0-9a-f]{32}$/;

export class PacketWriter {
  readonly #nodeId: NodeId;
  readonly #sealer: PacketSealer;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sequenceMax: number;
  #session: number;
  #chance: Buffer = Buffer.alloc(0);
  #chanceUsed = 0;
  readonly #next: Record<Channel, number> = { training: 0, evolution: 0, genome: 0, reliable: 0 };

  /** @param sequenceMax last number of a channel before a new session begins */
  constructor(nodeId: NodeId, sealer: PacketSealer, clock: Clock, random: Random, sequenceMax: number = lastSequence) {
    this.#nodeId = nodeId;
    this.#sealer = sealer;
    this.#clock = clock;
    this.#random = random;
    this.#sequenceMax = sequenceMax;
    this.#session = sessionAt(clock.nowMs());
  }

  /** The session that packets carry now. */
  get session(): number {
    return this.#session;
  }

  /** The header of the next packet on its channel; its number is taken, whether it is sent or not. */
  header(contents: PacketContents): PacketHeader {
    if (this.#next[contents.channel] > this.#sequenceMax) this.#startNextSession();
    const sequence = this.#next[contents.channel]++;
    return {
      eventId: contents.eventId,
      channel: contents.channel,
      priority: contents.priority,
      hops: 0,
      timestampMs: this.#clock.nowMs(),
      session: this.#session,
      sequence,
      sourceNode: this.#nodeId,
      traceId: traceIdPattern.test(contents.traceId ?? '') ? (contents.traceId as string) : this.traceId(),
      topic: contents.topic,
    };
  }

  /**
   * The packet's bytes, owned by the caller.
   * @throws AcademyError ERR_ACADEMY_PACKET_TOO_LARGE
   */
  seal(header: PacketHeader, payload: Uint8Array): Uint8Array {
    return this.#sealer.seal(header, payload);
  }

  /** A new trace id, as in W3C Trace Context. */
  traceId(): string {
    if (this.#chanceUsed === this.#chance.length) {
      this.#chance = Buffer.from(this.#random.bytes(traceIdBytes * traceIdsDrawn));
      this.#chanceUsed = 0;
    }
    const begin = this.#chanceUsed;
    this.#chanceUsed += traceIdBytes;
    return this.#chance.toString('hex', begin, this.#chanceUsed);
  }

  /** Receivers take a later session for a new life of this node and begin to count again. */
  #startNextSession(): void {
    this.#session = Math.max(sessionAt(this.#clock.nowMs()), this.#session + 1) >>> 0;
    for (const channel of channels) this.#next[channel] = 0;
  }
}
