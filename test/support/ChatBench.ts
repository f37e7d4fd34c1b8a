/** Rooms, daemon and store of one node without a network, for tests of the chat: real actors on the real store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoomRecord } from '../../actors/messages.js';
import { serviceActor } from '../../actors/serviceActor.js';
import { actorModules } from '../../node/actorModules.js';
import { roomLogService } from '../../node/roomLogService.js';
import { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { EncodedEvent } from '../../runtime/hosting/frames.js';
import { actorNames, chatCommands } from '../../runtime/protocol/actorNames.js';
import type { ActorDefinition } from '../../runtime/protocol/actors.js';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import type { SendMessageResult } from '../../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import { RoomLogStore } from '../../runtime/storage/RoomLogStore.js';
import { Store } from '../../runtime/storage/Store.js';
import { systemClock } from '../../runtime/system/systemClock.js';

export interface ChatBenchOptions {
  readonly threads?: number;
  /** Byte that fills the node's key. */
  readonly key?: number;
  /** Called with every event that actors publish. */
  readonly onPublish?: (event: EncodedEvent) => void;
}

export class ChatBench {
  readonly actors: ActorSystem;
  readonly identity;
  readonly published: EncodedEvent[] = [];
  readonly log: RoomLogStore;
  readonly #store: Store;
  readonly #folder: string;
  readonly #rooms = new Set<string>();
  readonly #seed: Uint8Array;

  private constructor(options: ChatBenchOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), 'academy-chat-'));
    this.#store = Store.open(this.#folder);
    this.log = new RoomLogStore(this.#store);
    this.#seed = new Uint8Array(32).fill(options.key ?? 7);
    this.identity = identityFromSeed(this.#seed);
    this.actors = new ActorSystem({
      nodeId: this.identity.nodeId,
      academyId: 'bench',
      clock: systemClock,
      random: seededRandom(1),
      threads: options.threads ?? 0,
      mesh: {
        publish: (event) => {
          this.published.push(event);
          options.onPublish?.(event);
        },
        execute: () => Promise.reject(new Error('this node is alone')),
        tellRemote: () => {},
        askRemote: () => Promise.reject(new Error('this node is alone')),
        log: () => {},
      },
    });
  }

  static async open(options: ChatBenchOptions = {}): Promise<ChatBench> {
    const bench = new ChatBench(options);
    await bench.actors.start();
    const service = roomLogService({ store: bench.log, startRoom: (room) => bench.#startRoom(room) });
    bench.actors.spawnLocal(actorNames.roomLog, serviceActor, service);
    await bench.actors.spawn({ name: actorNames.chatDaemon, ...actorModules.chatDaemon });
    return bench;
  }

  async openRoom(roomId: string, consent: RoomRecord['consent'] = 'academy'): Promise<void> {
    await this.ask(actorNames.roomLog, 'rooms.open', { roomId, consent });
  }

  /** Seats a participant whose actor is this definition. */
  async seat(participant: ChatParticipant, definition: ActorDefinition, rooms: readonly string[]): Promise<void> {
    const seat = actorNames.participant(participant.id);
    this.actors.spawnLocal(seat, definition, {});
    for (const roomId of rooms) {
      await this.ask(actorNames.chatDaemon, chatCommands.joinRoom, { roomId, participant, seat });
    }
  }

  say(roomId: string, participant: ChatParticipant, text: string, more: object = {}): Promise<SendMessageResult> {
    const aiGenerated = participant.type === 'persona' || participant.type === 'ai_assistant';
    return this.ask(actorNames.chatDaemon, chatCommands.sendMessage, {
      roomId,
      participantId: participant.id,
      text,
      messageType: 'text',
      metadata: { aiGenerated, participantType: participant.type, confidence: 1 },
      ...more,
    }) as Promise<SendMessageResult>;
  }

  ask(name: string, type: string, data: unknown): Promise<unknown> {
    return this.actors.ask({ name }, { type, data }, { deadlineMs: 10_000 });
  }

  async close(): Promise<void> {
    await this.actors.shutdown({ limitMs: 5_000 });
    await this.#store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startRoom(room: RoomRecord): Promise<void> {
    if (!this.#rooms.has(room.roomId)) {
      this.#rooms.add(room.roomId);
      await this.actors.spawn({
        name: actorNames.room(room.roomId),
        ...actorModules.chatRoom,
        options: { roomId: room.roomId, nodeKeySeed: this.#seed },
      });
    }
    this.actors.tell({ name: actorNames.chatDaemon }, { type: 'chat.room-opened', data: room });
  }
}
