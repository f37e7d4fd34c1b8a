/**
 * The datagrams of a multicast stream, byte by byte, and nothing else. A publisher numbers fixed slots; each slot is a
 * datagram that explains itself, and slots that leave together are a run that carries one tag. Control datagrams are
 * short and carry a tag of their own. All numbers are big-endian; sequences and positions have 48 bits.
 *
 * ```
 * every datagram          0 u16 magic 0xACA5   2 u8 version   3 u8 kind   4 8 bytes session
 *
 * data                   12 u48 sequence of the slot      18 u48 position: number of the first frame in it
 *                        24 u16 bytes of the datagram     26 u16 bytes used, this header included
 *                        28 u8 index in the run           29 u8 slots of the run     30 u16 frames
 *                        32 16 bytes tag of the run, in its last slot; means nothing in the others
 *                        48 frames: u16 bytes of the payload, u8 kind, u8 zero, payload
 * of a proven stream, the last slot of a run has behind its used bytes
 *                         0 u8 index of the run under its signature     1 u8 runs under it
 *                         2 64 bytes Ed25519 signature over "academy-mesh/1/stream/proof", u8 zero, session, root
 *                        66 hashes, 32 bytes each, from the run to the root (RFC 9162); the run is a leaf without
 *                           its tag and this proof
 *
 * setup    to the group  12 16 bytes node   28 32 bytes public key   60 u8 class   61 u8 flags, 1: proven   62 u16 slot bytes
 *                        64 u48 next slot   70 u16 members   72 u32 hash of the layouts
 *                        76 tag   92 64 bytes Ed25519 signature over all before it
 * heartbeat  to the group  12 u48 next slot   18 u48 oldest slot that is kept   24 u16 members   26 tag
 * end        to the group  12 u48 next slot, the last   18 64 bytes Ed25519 signature over all before it   82 tag
 * solicit    to the publisher  12 8 bytes receiver   20 tag
 * join       to the publisher  12 8 bytes receiver   20 u48 first slot wanted   26 u16 definitions known   28 u32 window
 *                              32 u32 token of the last answer, or 0   36 16 bytes flow tag of the receiver, text and zeros
 *                              52 tag
 * accept     to the receiver   12 8 bytes receiver   20 u32 token   24 u48 first slot   30 u16 definitions in all
 *                              32 u16 number of the first one here   34 u16 definitions here
 *                              36 definitions: u16 bytes, payload
 *                              then 64 bytes Ed25519 signature over all before it, then tag
 * status     to the publisher  12 8 bytes receiver   20 u32 token   24 u32 count   28 u48 next slot wanted   34 u32 window   38 tag
 * nak        to the publisher  12 8 bytes receiver   20 u32 token   24 u32 count   28 u16 ranges
 *                              30 ranges: u48 first slot, u16 slots              then tag
 * leave      to the publisher  12 8 bytes receiver   20 u32 token   24 tag
 * reset      to the receiver   12 8 bytes receiver   20 u32 token that is not valid (any more): join again   24 tag
 * The count of a status or nak grows with each of a membership, so that recorded ones say nothing.
 * ```
 */
export const streamMagic = 0xaca5;
export const streamVersion = 1;
export const sessionBytes = 8;
export const receiverIdBytes = 8;
/** A run leaves in one datagram of at most 65,507 bytes, which is 46 slots of 1,400. */
export const slotsPerRunMax = 64;
export const streamTagBytes = 16;

export const datagramKinds = {
  data: 0,
  setup: 1,
  heartbeat: 2,
  end: 3,
  solicit: 4,
  join: 5,
  accept: 6,
  status: 7,
  nak: 8,
  leave: 9,
  reset: 10,
} as const;
export type DatagramKind = (typeof datagramKinds)[keyof typeof datagramKinds];

export const prefixBytes = 12;
export const sessionAt = 4;

/** Offsets in a data datagram. */
export const dataHeader = {
  sequence: 12,
  position: 18,
  datagramBytes: 24,
  usedBytes: 26,
  index: 28,
  count: 29,
  frames: 30,
  tag: 32,
  bytes: 48,
} as const;

/** Runs under one signature: beyond, hashing the run costs more than its share, and the first of them wait. */
export const proofRunsMax = 8;
/** Offsets in the proof of a run. */
export const runProof = { index: 0, runs: 1, signature: 2, path: 66, bytesMax: 66 + 3 * 32 } as const;

/** Offsets in a frame; `bytes` is where its payload begins. */
export const frameHeader = { payloadBytes: 0, kind: 2, bytes: 4 } as const;

/** In a setup; what a bit means that is not named here, nobody has said yet. */
export const setupFlags = { proven: 1 } as const;

/** Fixed parts of the control datagrams, tag included. */
export const controlBytes = {
  setup: 92 + 64,
  heartbeat: 42,
  end: 98,
  solicit: 36,
  join: 68,
  acceptHead: 36,
  status: 54,
  nakHead: 30,
  leave: 40,
  reset: 40,
} as const;

export const nakRangeBytes = 8;
/** A datagram of 1400 bytes holds more; what is missing beyond is asked for next time. */
export const nakRangesMax = 128;
/** The first slot wanted by who wants to begin with what comes next. */
export const liveSequence = 2 ** 48 - 1;

/*
 * Byte by byte and not by Buffer's methods, which check their arguments each time: these run for every frame and slot.
 * Offsets are the caller's to check.
 */
export function readU16(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function writeU16(bytes: Buffer, value: number, at: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

export function readU48(bytes: Buffer, at: number): number {
  const low = readU16(bytes, at + 2) * 0x1_0000 + readU16(bytes, at + 4);
  return readU16(bytes, at) * 0x1_0000_0000 + low;
}

export function writeU48(bytes: Buffer, value: number, at: number): void {
  const low = value % 0x1_0000_0000;
  writeU16(bytes, Math.floor(value / 0x1_0000_0000), at);
  writeU16(bytes, Math.floor(low / 0x1_0000), at + 2);
  writeU16(bytes, low & 0xffff, at + 4);
}

export function writePrefix(bytes: Buffer, offset: number, kind: DatagramKind, session: Buffer): void {
  bytes.writeUInt16BE(streamMagic, offset);
  bytes[offset + 2] = streamVersion;
  bytes[offset + 3] = kind;
  session.copy(bytes, offset + sessionAt);
}

/** Whether a datagram of any stream begins here; everything else is checked by who reads it. */
export function isStreamDatagram(bytes: Buffer, offset: number, end: number): boolean {
  return end - offset >= prefixBytes && bytes.readUInt16BE(offset) === streamMagic;
}

export function sessionKeyOf(bytes: Buffer, offset: number): string {
  return bytes.toString('latin1', offset + sessionAt, offset + sessionAt + sessionBytes);
}

/** Of what a receiver says to a publisher; one character is one byte. */
export function receiverIdOf(datagram: Buffer): string {
  return datagram.toString('latin1', prefixBytes, prefixBytes + receiverIdBytes);
}

/** Bytes of a control datagram of the group; 0 for a kind that is not said to the group. */
export function groupControlBytes(kind: number | undefined): number {
  if (kind === datagramKinds.setup) return controlBytes.setup;
  if (kind === datagramKinds.heartbeat) return controlBytes.heartbeat;
  return kind === datagramKinds.end ? controlBytes.end : 0;
}
