/**
 * Rooms with people in them, for tests of participants: the same rooms, turn-taking and history as on a node, under
 * virtual time, with a log in memory.
 *
 * ```ts
 * const rooms = await TestRooms.open();
 * await rooms.seat(echo);                              // what defineParticipant() returned
 * const ann = await rooms.person('Ann');
 * await ann.say('@Echo hello');
 * const answer = await ann.expectMessage({ from: 'echo' });
 * assert.equal(answer.text, 'You said: hello');
 * await rooms.close();
 * ```
 */
import { chatDaemon } from '../actors/chatDaemon.js';
import { type ChatRoomOptions, chatRoom } from '../actors/chatRoom.js';
import type { ParticipantDefinition } from '../actors/defineParticipant.js';
import type { RoomRecord } from '../actors/messages.js';
import { serviceActor } from '../actors/serviceActor.js';
import { roomLogService } from '../node/roomLogService.js';
import type { ActorHandle } from '../runtime/hosting/ActorHandle.js';
import { actorNames, chatCommands } from '../runtime/protocol/actorNames.js';
import type { OptionsOf } from '../runtime/protocol/contract.js';
import { identityFromSeed } from '../runtime/protocol/identity.js';
import type { ChatParticipant, RoomConsent } from '../runtime/protocol/schemas/participant.js';
import { RoomLogStore } from '../runtime/storage/RoomLogStore.js';
import { Store } from '../runtime/storage/Store.js';
import { Simulation } from './Simulation.js';
import { TestActors, type TestActorsOptions } from './TestActors.js';
import { TestPerson } from './TestPerson.js';

export interface TestRoomsOptions extends TestActorsOptions {
  /** Rooms that are open from the start; sitting down in another one opens it. @default ['lobby'] */
  readonly rooms?: readonly string[];
}

export interface SeatOptions<C> {
  /** Handed to the participant as its options. */
  readonly options?: OptionsOf<C>;
  /** Rooms to sit in, instead of those that the definition names. */
  readonly rooms?: readonly string[];
}

export class TestRooms {
  readonly actors: TestActors;
  readonly #store = Store.inMemory();
  readonly #keySeed: Uint8Array;
  readonly #started = new Set<string>();

  private constructor(actors: TestActors, keySeed: Uint8Array) {
    this.actors = actors;
    this.#keySeed = keySeed;
  }

  static async open(options: TestRoomsOptions = {}): Promise<TestRooms> {
    const simulation = options.simulation ?? new Simulation(options);
    const keySeed = simulation.random.bytes(32);
    const { nodeId } = identityFromSeed(keySeed);
    const rooms = new TestRooms(await TestActors.open({ ...options, simulation, nodeId }), keySeed);
    rooms.#serve();
    for (const roomId of options.rooms ?? ['lobby']) await rooms.openRoom(roomId);
    return rooms;
  }

  get simulation(): Simulation {
    return this.actors.simulation;
  }

  /** What the participants have logged, oldest first. */
  get logged(): TestActors['mesh']['logged'] {
    return this.actors.mesh.logged;
  }

  /** @param consent what may leave the room for training */
  async openRoom(roomId: string, consent: RoomConsent = 'academy'): Promise<void> {
    const room: RoomRecord = { roomId, consent };
    await this.actors.ask({ name: actorNames.roomLog }, 'rooms.open', room);
  }

  /** Seats a participant in its rooms, as a node does. */
  async seat<C>(
    definition: ParticipantDefinition<C>,
    { options = {} as OptionsOf<C>, rooms = definition.rooms }: SeatOptions<C> = {},
  ): Promise<ActorHandle<C>> {
    const { participant } = definition;
    const handle = this.actors.spawn(actorNames.participant(participant.id), definition, options);
    await this.#join(participant, rooms);
    return handle;
  }

  /** Seats a person, who says and hears what the test wants. */
  async person(name: string, rooms: readonly string[] = ['lobby']): Promise<TestPerson> {
    const participant: ChatParticipant = { id: name.toLowerCase(), name, type: 'human' };
    const probe = this.actors.probe(actorNames.participant(participant.id));
    await this.#join(participant, rooms);
    return new TestPerson(this.actors, probe, participant, rooms[0] ?? 'lobby');
  }

  /** Crashes a participant; its supervisor starts it again, and its rooms greet it anew. */
  crash(participantId: string, message?: string): void {
    this.actors.crash({ name: actorNames.participant(participantId) }, message);
  }

  advance(ms: number): Promise<void> {
    return this.actors.advance(ms);
  }

  async close(): Promise<void> {
    await this.actors.close();
    await this.#store.close();
  }

  #serve(): void {
    const { system } = this.actors;
    const service = roomLogService({
      store: new RoomLogStore(this.#store),
      startRoom: (room) => this.#startRoom(room),
    });
    system.spawnLocal(actorNames.roomLog, serviceActor, service);
    system.spawnLocal(actorNames.chatDaemon, chatDaemon);
    system.on('actor-restarted', ({ name }) => {
      const [kind, participantId] = name.split('/', 2);
      if (kind !== 'participant') return;
      system.tell({ name: actorNames.chatDaemon }, { type: 'chat.here', data: { participantId } });
    });
  }

  async #startRoom(room: RoomRecord): Promise<void> {
    const { system } = this.actors;
    if (!this.#started.has(room.roomId)) {
      this.#started.add(room.roomId);
      const options: ChatRoomOptions = { roomId: room.roomId, nodeKeySeed: this.#keySeed };
      system.spawnLocal(actorNames.room(room.roomId), chatRoom, options);
    }
    system.tell({ name: actorNames.chatDaemon }, { type: 'chat.room-opened', data: room });
  }

  async #join(participant: ChatParticipant, rooms: readonly string[]): Promise<void> {
    const seat = actorNames.participant(participant.id);
    for (const roomId of rooms) {
      const params = { roomId, participant, seat, create: true };
      await this.actors.ask({ name: actorNames.chatDaemon }, chatCommands.joinRoom, params);
    }
    await this.actors.untilIdle();
  }
}
