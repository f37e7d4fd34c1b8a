/**
 * The binary packet: one header at fixed offsets, so that routing decodes nothing, and one payload of MessagePack.
 * The same bytes travel in a datagram and on a reliable connection. All numbers are big-endian.
 *
 * ```
 *  0 u16 magic 0xACAD      2 u8 version         3 u8 flags (bit 0: keyed; bits 4-7: channel)
 *  4 u16 event id          6 u8 priority        7 u8 hops
 *  8 f64 timestamp, ms since the epoch
 * 16 u32 session           20 u32 sequence      (per channel of that session; together they are the packet's id)
 * 24 16 bytes source node  40 8 bytes academy   48 16 bytes trace id
 * 64 u32 topic             68 u32 payload length
 * 72 16 bytes integrity: HMAC-SHA-256 cut to 128 bits (RFC 2104, RFC 4868) over all else, keyed by the academy;
 *    in an open academy CRC-32 in the first four, which finds damage but not forgery
 * 88 payload
 * ```
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { DropReason } from './dropReasons.js';
import { AcademyError } from './errors.js';
import type { NodeId } from './identity.js';
import { limits } from './limits.js';

export const packetMagic = 0xacad;
export const packetVersion = 1;
export const packetHeaderBytes = 88;

export const priorities = ['low', 'normal', 'high', 'critical'] as const;
export type Priority = (typeof priorities)[number];

/** The three multicast groups and the reliable path; a packet that comes over another one than it names is dropped. */
export const channels = ['training', 'evolution', 'genome', 'reliable'] as const;
export type Channel = (typeof channels)[number];

export interface PacketHeader {
  readonly eventId: number;
  readonly channel: Channel;
  readonly priority: Priority;
  readonly hops: number;
  readonly timestampMs: number;
  readonly session: number;
  readonly sequence: number;
  readonly sourceNode: NodeId;
  /** 32 hexadecimal characters, as in W3C Trace Context. */
  readonly traceId: string;
  /** Hash of the room that the payload belongs to; 0 for none. */
  readonly topic: number;
}

export interface Packet {
  readonly header: PacketHeader;
  /** A view into the bytes that were opened: copy it before they are used again. */
  readonly payload: Uint8Array;
}

const integrityOffset = 72;
const integrityBytes = 16;
const keyedFlag = 0x01;

/** The first eight bytes of SHA-256 of the academy's id: foreign packets are told apart without decoding. */
export function academyTag(academyId: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(academyId).digest().subarray(0, 8));
}

/**
 * 32-bit FNV-1a (Fowler, Noll, Vo) of a room's id, never 0. A collision only means that a packet is decoded on a node
 * that then finds no such room.
 */
export function topicOf(roomId: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(roomId, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0 || 1;
}

/** Seals and opens the packets of one academy. Without a key (an open academy) it only guards against damage. */
export class PacketSealer {
  readonly #academy: Buffer;
  readonly #key: Uint8Array | null;

  constructor(academyId: string, datagramKey: Uint8Array | null) {
    this.#academy = Buffer.from(academyTag(academyId));
    this.#key = datagramKey;
  }

  /**
   * One buffer with header and payload, owned by the caller.
   * @throws AcademyError ERR_ACADEMY_PACKET_TOO_LARGE
   */
  seal(header: PacketHeader, payload: Uint8Array): Uint8Array {
    const length = packetHeaderBytes + payload.length;
    if (length > limits.frameBytesMax) {
      throw new AcademyError('ERR_ACADEMY_PACKET_TOO_LARGE', `${payload.length} bytes exceed ${limits.frameBytesMax}`);
    }
    const packet = Buffer.alloc(length);
    packet.writeUInt16BE(packetMagic, 0);
    packet[2] = packetVersion;
    packet[3] = (this.#key ? keyedFlag : 0) | (channels.indexOf(header.channel) << 4);
    packet.writeUInt16BE(header.eventId, 4);
    packet[6] = priorities.indexOf(header.priority);
    packet[7] = header.hops;
    packet.writeDoubleBE(header.timestampMs, 8);
    packet.writeUInt32BE(header.session, 16);
    packet.writeUInt32BE(header.sequence, 20);
    packet.write(header.sourceNode, 24, 16, 'hex');
    this.#academy.copy(packet, 40);
    packet.write(header.traceId, 48, 16, 'hex');
    packet.writeUInt32BE(header.topic, 64);
    packet.writeUInt32BE(payload.length, 68);
    packet.set(payload, packetHeaderBytes);
    this.#integrity(packet).copy(packet, integrityOffset);
    return packet;
  }

  /** Checks everything that can be checked without the payload's schema. Never throws. */
  open(bytes: Uint8Array): Packet | DropReason {
    if (bytes.length < packetHeaderBytes) return 'truncated';
    const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (packet.readUInt16BE(0) !== packetMagic) return 'bad-magic';
    if (packet[2] !== packetVersion) return 'unknown-version';
    if (this.#academy.compare(packet, 40, 48) !== 0) return 'foreign-academy';
    const payloadLength = packet.readUInt32BE(68);
    if (packetHeaderBytes + payloadLength > bytes.length) return 'truncated';
    if (packetHeaderBytes + payloadLength < bytes.length) return 'oversized';
    const flags = packet.readUInt8(3);
    if (((flags & keyedFlag) !== 0) !== (this.#key !== null)) return 'bad-integrity';
    const stated = packet.subarray(integrityOffset, integrityOffset + integrityBytes);
    if (!timingSafeEqual(stated, this.#integrity(packet))) return 'bad-integrity';
    const channel = channels[flags >> 4];
    const priority = priorities[packet.readUInt8(6)];
    const timestampMs = packet.readDoubleBE(8);
    if (!channel || !priority || !Number.isFinite(timestampMs)) return 'invalid-payload';
    return {
      header: {
        eventId: packet.readUInt16BE(4),
        channel,
        priority,
        hops: packet.readUInt8(7),
        timestampMs,
        session: packet.readUInt32BE(16),
        sequence: packet.readUInt32BE(20),
        sourceNode: packet.toString('hex', 24, 40) as NodeId,
        traceId: packet.toString('hex', 48, 64),
        topic: packet.readUInt32BE(64),
      },
      payload: packet.subarray(packetHeaderBytes),
    };
  }

  #integrity(packet: Buffer): Buffer {
    const before = packet.subarray(0, integrityOffset);
    const payload = packet.subarray(packetHeaderBytes);
    if (this.#key) {
      return createHmac('sha256', this.#key).update(before).update(payload).digest().subarray(0, integrityBytes);
    }
    const check = Buffer.alloc(integrityBytes);
    check.writeUInt32BE(crc32(payload, crc32(before)), 0);
    return check;
  }
}

/** How long the packet that begins there says it is; all the rest where no packet begins. */
export function packetBytesAt(bytes: Buffer, at: number): number {
  const rest = bytes.length - at;
  if (rest < packetHeaderBytes || bytes.readUInt16BE(at) !== packetMagic) return rest;
  return packetHeaderBytes + bytes.readUInt32BE(at + 68);
}

/** The packet's id, for traces and people: unique as long as the source's sessions are. */
export function packetId(
  header: Pick<PacketHeader, 'sourceNode' | 'session' | 'channel'> & { readonly sequence: number | '' },
): string {
  return `${header.sourceNode}-${header.session.toString(16)}-${header.channel}-${header.sequence}`;
}

/**
 * A session number for a node that starts now: tenths of a second since 1970, modulo 2^32 (13 years). A restarted
 * node has a higher one, so that packets of its earlier life are told from new ones.
 */
export function sessionAt(nowMs: number): number {
  return Math.floor(nowMs / 100) >>> 0;
}
