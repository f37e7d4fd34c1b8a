/**
 * The rooms of a node and their logs, on disk. A log holds for each author a chain without gaps; the store refuses
 * what does not follow, so that a version vector can be read off the ends of the chains, and gives the entries in the
 * order that is common to all nodes. Signatures are checked by who receives entries, not here.
 */
import { AcademyError } from '../protocol/errors.js';
import { limits } from '../protocol/limits.js';
import { MessageCodec } from '../protocol/MessageCodec.js';
import { type ChainHead, emptyChain, entryHash, follows, type RoomLogEntry } from '../protocol/roomLog.js';
import type { RoomConsent } from '../protocol/schemas/participant.js';
import {
  authorKey,
  chainKey,
  formatCursor,
  highestNumber,
  messageKey,
  orderKey,
  orderPlace,
  parseCursor,
  roomKey,
} from './roomLogKeys.js';
import type { Change, Store } from './Store.js';
import type { Table } from './Table.js';

export interface RoomRecord {
  readonly roomId: string;
  /** What may leave the room for training. */
  readonly consent: RoomConsent;
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  readonly topic?: string;
}

export interface HistoryPage {
  /** Oldest first. */
  readonly entries: readonly RoomLogEntry[];
  /** Hand it in as `before` to get the page before this one; null when there is nothing older. */
  readonly cursor: string | null;
}

interface AuthorChain {
  readonly number: number;
  readonly head: ChainHead;
}

interface RoomState {
  readonly number: number;
  readonly record: RoomRecord;
  /** Read from disk when the log is first touched. */
  chains?: Map<string, AuthorChain>;
}

interface WaitingAppend {
  readonly entries: readonly RoomLogEntry[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What appends add to the log and is not on disk yet. */
class StagedAppends {
  /** By room and author. */
  readonly chains = new Map<RoomState, Map<string, AuthorChain>>();
  /** Hashes of the entries, by chain key in hexadecimal. */
  readonly hashes = new Map<string, Uint8Array>();
  /** Keys of the message table, in hexadecimal. */
  readonly messages = new Set<string>();
  readonly changes: Change[] = [];

  chainsOf(room: RoomState): Map<string, AuthorChain> {
    let chains = this.chains.get(room);
    if (!chains) {
      chains = new Map();
      this.chains.set(room, chains);
    }
    return chains;
  }

  take(others: StagedAppends): void {
    for (const [room, chains] of others.chains) {
      for (const [author, chain] of chains) this.chainsOf(room).set(author, chain);
    }
    for (const [key, hash] of others.hashes) this.hashes.set(key, hash);
    for (const key of others.messages) this.messages.add(key);
    for (const change of others.changes) this.changes.push(change);
  }
}

/** Entries that one page or range returns at the most: some 5 MB of ordinary messages. */
export const pageEntriesMax = 10_000;

export class RoomLogStore {
  readonly #store: Store;
  readonly #roomTable: Table;
  readonly #authorTable: Table;
  readonly #chainTable: Table;
  readonly #orderTable: Table;
  readonly #messageTable: Table;
  readonly #codec = new MessageCodec();
  readonly #rooms = new Map<string, RoomState>();
  /** Numbers of rooms, those included that are still being written. */
  readonly #roomNumbers = new Map<string, number>();
  #nextRoomNumber = 0;
  #waiting: WaitingAppend[] = [];
  #draining = false;

  /** @param onDamaged told of each room that cannot be read; its entry and its log are left where they are */
  constructor(store: Store, onDamaged: (fault: string) => void = () => {}) {
    this.#store = store;
    this.#roomTable = store.table('rooms');
    this.#authorTable = store.table('room-authors');
    this.#chainTable = store.table('room-chains');
    this.#orderTable = store.table('room-order');
    this.#messageTable = store.table('room-messages');
    for (const { key, value } of this.#roomTable.getRange()) {
      const number = Buffer.from(key).readUInt32BE(0);
      this.#nextRoomNumber = number + 1;
      const record = this.#codec.decode(value) as Partial<RoomRecord> | null | undefined;
      if (!isRoomRecord(record)) {
        onDamaged(
          `the room number ${number} was not opened: what was kept of it is damaged. It was left where it is; to have it back, ` +
            'stop the node and restore a copy of its data folder; opened again it is empty, until other nodes send its entries',
        );
        continue;
      }
      this.#rooms.set(record.roomId, { number, record });
      this.#roomNumbers.set(record.roomId, number);
    }
  }

  /**
   * Makes the room, or replaces what is recorded of it; its log stays. The room exists once the promise has resolved.
   * @returns a promise that resolves after fsync
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT, ERR_ACADEMY_STORE
   */
  async putRoom(record: RoomRecord): Promise<void> {
    const { roomId } = record;
    if (roomId.length === 0 || roomId.length > limits.idCharactersMax) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${roomId.slice(0, 40)}" is not a room id`);
    }
    const number = this.#roomNumbers.get(roomId) ?? this.#nextRoomNumber++;
    this.#roomNumbers.set(roomId, number);
    await this.#store.write([{ table: this.#roomTable, key: roomKey(number), value: this.#codec.encode(record) }]);
    this.#rooms.set(roomId, { ...this.#rooms.get(roomId), number, record });
  }

  /** All rooms, the oldest of this node first. */
  rooms(): RoomRecord[] {
    return [...this.#rooms.values()].map(({ record }) => record);
  }

  /** @returns undefined for a room that has not been put */
  room(roomId: string): RoomRecord | undefined {
    return this.#rooms.get(roomId)?.record;
  }

  /**
   * Writes entries of one or several rooms, all or none. An entry that is there already is passed over. Calls that
   * wait at the same time share one flush.
   * @returns a promise that resolves after fsync: from then on the entries may be receipted as `stored`
   * @throws AcademyError (as a rejection) ERR_ACADEMY_ROOM_UNKNOWN; ERR_ACADEMY_BAD_ARGUMENT for a fork (another entry
   * has that place in its author's chain) or a gap (the entry before it is missing); ERR_ACADEMY_STORE
   */
  append(entries: readonly RoomLogEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject });
      if (!this.#draining) void this.#drain();
    });
  }

  /**
   * Writes one group after the other, so that each is checked against a log that is wholly on disk and a failed group
   * leaves nothing to undo. Never rejects: a fault goes to the call that it belongs to.
   */
  async #drain(): Promise<void> {
    this.#draining = true;
    // Let all callers of this turn join the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const staged = new StagedAppends();
      const accepted: WaitingAppend[] = [];
      for (const call of group) {
        try {
          staged.take(this.#stage(call.entries, staged));
          accepted.push(call);
        } catch (error) {
          call.reject(error);
        }
      }
      try {
        if (staged.changes.length > 0) await this.#store.write(staged.changes);
        for (const [room, chains] of staged.chains) {
          for (const [author, chain] of chains) this.#chainsOf(room).set(author, chain);
        }
        for (const { resolve } of accepted) resolve();
      } catch (error) {
        for (const { reject } of accepted) reject(error);
      }
    }
    this.#draining = false;
  }

  /** Checks the entries of one call against the log and what is staged before them. */
  #stage(entries: readonly RoomLogEntry[], before: StagedAppends): StagedAppends {
    const staged = new StagedAppends();
    for (const entry of entries) {
      const room = this.#requireRoom(entry.roomId);
      const { author, sequence } = entry.seal;
      const stored = this.#chainsOf(room);
      const chain = staged.chainsOf(room).get(author) ?? before.chainsOf(room).get(author) ?? stored.get(author);
      const place = follows(chain?.head ?? emptyChain, entry);
      if (place === 'gap') {
        throw refused(entry, `follows ${chain?.head.sequence ?? 0}, so that entries between are missing`);
      }
      if (place === 'bad-chain') throw refused(entry, 'does not follow the entry before it');
      const hash = entryHash(entry);
      if (place === 'known' && chain) {
        const key = chainKey(room.number, chain.number, sequence);
        const hex = hexOf(key);
        const known = staged.hashes.get(hex) ?? before.hashes.get(hex) ?? entryHash(this.#entryAt(key));
        if (Buffer.compare(known, hash) !== 0) throw refused(entry, 'is a fork: another entry has its place');
        continue;
      }
      const number = chain?.number ?? this.#newAuthorNumber(entry, room, [stored, before, staged]);
      if (!chain) {
        const key = authorKey(room.number, number);
        staged.changes.push({ table: this.#authorTable, key, value: Buffer.from(author, 'utf8') });
      }
      const key = chainKey(room.number, number, sequence);
      staged.changes.push(
        { table: this.#chainTable, key, value: this.#codec.encode(entry) },
        { table: this.#orderTable, key: orderKey(room.number, orderPlace(entry)), value: key },
      );
      this.#stageMessageId(entry, room, key, before, staged);
      staged.hashes.set(hexOf(key), hash);
      staged.chainsOf(room).set(author, { number, head: { sequence, hash } });
    }
    return staged;
  }

  #newAuthorNumber(
    entry: RoomLogEntry,
    room: RoomState,
    known: readonly [Map<string, AuthorChain>, StagedAppends, StagedAppends],
  ): number {
    const [stored, before, staged] = known;
    let number = stored.size;
    for (const chains of [before.chainsOf(room), staged.chainsOf(room)]) {
      for (const chain of chains.values()) number = Math.max(number, chain.number + 1);
    }
    if (number >= limits.roomAuthorsMax) throw refused(entry, `is of one author more than ${limits.roomAuthorsMax}`);
    return number;
  }

  /** The first entry that claims a message id keeps it, so that a later one cannot put itself in its place. */
  #stageMessageId(
    entry: RoomLogEntry,
    room: RoomState,
    value: Uint8Array,
    before: StagedAppends,
    staged: StagedAppends,
  ): void {
    const { messageId } = entry.body;
    if (entry.kind !== 'message' || typeof messageId !== 'string') return;
    const key = messageKey(room.number, messageId);
    const hex = hexOf(key);
    if (staged.messages.has(hex) || before.messages.has(hex) || this.#messageTable.doesExist(key)) return;
    staged.messages.add(hex);
    staged.changes.push({ table: this.#messageTable, key, value });
  }

  /**
   * The end of an author's chain, which the next entry must follow; `emptyChain` for an author without entries.
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN
   */
  head(roomId: string, author: string): ChainHead {
    return this.#chainsOf(this.#requireRoom(roomId)).get(author)?.head ?? emptyChain;
  }

  /**
   * The ends of all chains by author: what a room needs to go on where it stopped.
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN
   */
  heads(roomId: string): Record<string, ChainHead> {
    const chains = this.#chainsOf(this.#requireRoom(roomId));
    return Object.fromEntries([...chains].map(([author, { head }]) => [author, head]));
  }

  /**
   * Each author's highest sequence; there is no gap below it.
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN
   */
  versions(roomId: string): Record<string, number> {
    const chains = this.#chainsOf(this.#requireRoom(roomId));
    return Object.fromEntries([...chains].map(([author, { head }]) => [author, head.sequence]));
  }

  /**
   * Number of entries of all kinds.
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN
   */
  count(roomId: string): number {
    let count = 0;
    for (const { head } of this.#chainsOf(this.#requireRoom(roomId)).values()) count += head.sequence;
    return count;
  }

  /**
   * Entries of one author from `fromSequence` on, in sequence; at most `limit`, and at most pageEntriesMax.
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN, ERR_ACADEMY_BAD_ARGUMENT
   */
  range(roomId: string, author: string, fromSequence: number, limit: number): RoomLogEntry[] {
    const room = this.#requireRoom(roomId);
    const chain = this.#chainsOf(room).get(author);
    const bounded = boundedLimit(limit);
    if (!chain || fromSequence > chain.head.sequence) return [];
    const start = chainKey(room.number, chain.number, Math.max(1, fromSequence));
    const end = chainKey(room.number, chain.number, chain.head.sequence + 1);
    return this.#chainTable.getRange({ start, end, limit: bounded }).map(({ value }) => this.#decode(value));
  }

  /**
   * What a node lacks that has the entries up to `versions`: author by author, each in sequence, at most `limit`.
   * @returns `more` when the limit cut it short; ask again with the versions that result
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN, ERR_ACADEMY_BAD_ARGUMENT
   */
  after(
    roomId: string,
    versions: Readonly<Record<string, number>>,
    limit: number,
  ): { entries: readonly RoomLogEntry[]; more: boolean } {
    const bounded = boundedLimit(limit);
    const entries: RoomLogEntry[] = [];
    for (const [author, { head }] of this.#chainsOf(this.#requireRoom(roomId))) {
      const known = Object.hasOwn(versions, author) ? (versions[author] ?? 0) : 0;
      if (known >= head.sequence) continue;
      if (entries.length === bounded) return { entries, more: true };
      entries.push(...this.range(roomId, author, known + 1, bounded - entries.length));
      if (entries.length === bounded && entries.at(-1)?.seal.sequence !== head.sequence) return { entries, more: true };
    }
    return { entries, more: false };
  }

  /**
   * A page of the log in the order that is common to all nodes. Without `before` it is the newest one. A cursor is a
   * place in that order, so paging backwards neither repeats nor skips an entry while others are inserted anywhere,
   * and a cursor of one node is good on another.
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN, ERR_ACADEMY_BAD_ARGUMENT
   */
  history(roomId: string, page: { readonly before?: string | undefined; readonly limit: number }): HistoryPage {
    const room = this.#requireRoom(roomId);
    const limit = boundedLimit(page.limit);
    const afterAll = Buffer.alloc(12, 0xff);
    const before = orderKey(room.number, page.before === undefined ? afterAll : parseCursor(page.before));
    const newestFirst: { key: Uint8Array; value: Uint8Array }[] = [];
    // One more than asked for tells whether there is an older page; another one for `before`, which is in the range.
    for (const item of this.#orderTable.getRange({
      start: before,
      end: roomKey(room.number),
      reverse: true,
      limit: limit + 2,
    })) {
      if (Buffer.compare(item.key, before) !== 0) newestFirst.push(item);
    }
    const shown = newestFirst.slice(0, limit).reverse();
    const oldest = shown[0];
    return {
      entries: shown.map(({ value }) => this.#entryAt(value)),
      cursor: oldest && newestFirst.length > limit ? formatCursor(oldest.key.subarray(4)) : null,
    };
  }

  /**
   * The last `count` entries, oldest first.
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN, ERR_ACADEMY_BAD_ARGUMENT
   */
  recent(roomId: string, count: number): readonly RoomLogEntry[] {
    return this.history(roomId, { limit: count }).entries;
  }

  /**
   * The message of that id; when several claim it, the one that was stored here first.
   * @throws AcademyError ERR_ACADEMY_ROOM_UNKNOWN
   */
  byMessageId(roomId: string, messageId: string): RoomLogEntry | undefined {
    const room = this.#requireRoom(roomId);
    if (messageId.length > limits.idCharactersMax) return undefined;
    const key = this.#messageTable.get(messageKey(room.number, messageId));
    return key && this.#entryAt(key);
  }

  #requireRoom(roomId: string): RoomState {
    const room = this.#rooms.get(roomId);
    if (room) return room;
    throw new AcademyError('ERR_ACADEMY_ROOM_UNKNOWN', `there is no room "${roomId}" in the store`, {
      remedy: 'put the room before its entries',
    });
  }

  #chainsOf(room: RoomState): Map<string, AuthorChain> {
    room.chains ??= this.#readChains(room.number);
    return room.chains;
  }

  #readChains(room: number): Map<string, AuthorChain> {
    const chains = new Map<string, AuthorChain>();
    const start = authorKey(room, 0);
    const end = authorKey(room, highestNumber);
    for (const { key, value } of this.#authorTable.getRange({ start, end })) {
      const number = Buffer.from(key).readUInt32BE(4);
      const ends = {
        start: chainKey(room, number, Number.MAX_SAFE_INTEGER),
        end: chainKey(room, number, 0),
        reverse: true,
        limit: 1,
      };
      for (const last of this.#chainTable.getRange(ends)) {
        const entry = this.#decode(last.value);
        const head = { sequence: entry.seal.sequence, hash: entryHash(entry) };
        chains.set(Buffer.from(value).toString('utf8'), { number, head });
      }
    }
    return chains;
  }

  #entryAt(key: Uint8Array): RoomLogEntry {
    const bytes = this.#chainTable.get(key);
    if (bytes) return this.#decode(bytes);
    throw damaged(`the entry ${hexOf(key)} is missing`);
  }

  #decode(bytes: Uint8Array): RoomLogEntry {
    const entry = this.#codec.decode(bytes) as RoomLogEntry | undefined;
    if (!entry) throw damaged('an entry cannot be decoded');
    const { previousHash, publicKey, signature } = entry.seal;
    // The codec's byte fields are views of the whole record, which would travel with them between threads.
    const seal = {
      ...entry.seal,
      previousHash: new Uint8Array(previousHash),
      publicKey: new Uint8Array(publicKey),
      signature: new Uint8Array(signature),
    };
    return { ...entry, seal };
  }
}

function isRoomRecord(record: Partial<RoomRecord> | null | undefined): record is RoomRecord {
  return typeof record?.roomId === 'string' && typeof record.consent === 'string';
}

function hexOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('hex');
}

function boundedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit > 0) return Math.min(limit, pageEntriesMax);
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `a limit of ${limit} entries is not a whole number from 1 on`);
}

function refused(entry: RoomLogEntry, fault: string): AcademyError {
  const { author, sequence } = entry.seal;
  return new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `entry ${sequence} of ${author} in ${entry.roomId} ${fault}`);
}

function damaged(fault: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_STORE', `the room log is damaged: ${fault}`, {
    remedy: 'restore the data folder, or start with another one: other nodes send their entries again',
  });
}
