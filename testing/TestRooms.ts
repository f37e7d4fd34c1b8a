/**
 * Rooms with people in them, for tests of participants: the same rooms, turn-taking and history as on a node, under
 * virtual time with a log in memory, or on worker threads.
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
import { isParticipantDefinition, type ParticipantDefinition } from '../actors/defineParticipant.js';
import type { RoomRecord } from '../actors/messages.js';
import { serviceActor } from '../actors/serviceActor.js';
import { actorModules } from '../node/actorModules.js';
import { loadParticipantModule } from '../node/loadParticipantModule.js';
import { roomLogService } from '../node/roomLogService.js';
import { ActorHandle } from '../runtime/hosting/ActorHandle.js';
import type { ActorModule } from '../runtime/protocol/actorModule.js';
import { actorNames, chatCommands } from '../runtime/protocol/actorNames.js';
import type { ActorAddress, ActorDefinition } from '../runtime/protocol/actors.js';
import type { OptionsOf } from '../runtime/protocol/contract.js';
import { identityFromSeed } from '../runtime/protocol/identity.js';
import type { ChatParticipant, RoomConsent } from '../runtime/protocol/schemas/participant.js';
import { RoomLogStore } from '../runtime/storage/RoomLogStore.js';
import { Store } from '../runtime/storage/Store.js';
import { Simulation } from './Simulation.js';
import { TestActors, type TestActorsOptions } from './TestActors.js';
import type { TestHost } from './TestHost.js';
import { TestPerson } from './TestPerson.js';
import { TestShards, type TestShardsOptions } from './TestShards.js';

interface RoomsOptions {
  /** Rooms that are open from the start; sitting down in another one opens it. @default ['lobby'] */
  readonly rooms?: readonly string[];
}

export interface TestRoomsOptions extends TestActorsOptions, RoomsOptions {}

export interface SeatOptions<C> {
  /** Handed to the participant as its options. */
  readonly options?: OptionsOf<C>;
  /** Rooms to sit in, instead of those that the definition names. */
  readonly rooms?: readonly string[];
}

const deadlineMs = 10_000;

export class TestRooms<H extends TestHost = TestActors> {
  readonly actors: H;
  /** What has been said, as the node keeps it. */
  readonly log: RoomLogStore;
  readonly #keySeed: Uint8Array;
  readonly #started = new Set<string>();

  private constructor(actors: H, store: Store, keySeed: Uint8Array) {
    this.actors = actors;
    this.log = new RoomLogStore(store);
    this.#keySeed = keySeed;
  }

  static async open(options: TestRoomsOptions = {}): Promise<TestRooms> {
    const simulation = options.simulation ?? new Simulation(options);
    const keySeed = simulation.random.bytes(32);
    const { nodeId } = identityFromSeed(keySeed);
    const actors = await TestActors.open({ ...options, simulation, nodeId });
    return new TestRooms(actors, Store.inMemory(), keySeed).#serve(options);
  }

  /** In real time, with the rooms on worker threads; a folder keeps what is said, too. */
  static async openOnThreads({
    rooms,
    ...options
  }: Omit<TestShardsOptions, 'nodeId'> & RoomsOptions = {}): Promise<TestRooms<TestShards>> {
    const keySeed = new Uint8Array(32).fill(7);
    const { nodeId } = identityFromSeed(keySeed);
    const shards = await TestShards.open({ ...options, nodeId });
    return new TestRooms(shards, shards.store, keySeed).#serve(rooms ? { rooms } : {});
  }

  /** What the participants have logged, oldest first. */
  get logged(): TestHost['mesh']['logged'] {
    return this.actors.mesh.logged;
  }

  /** @param consent what may leave the room for training */
  async openRoom(roomId: string, consent: RoomConsent = 'academy'): Promise<void> {
    const room: RoomRecord = { roomId, consent };
    await this.actors.ask({ name: actorNames.roomLog }, 'rooms.open', room);
  }

  /**
   * Seats a participant in its rooms, as a node does: what defineParticipant() returned, in the thread of the test, or
   * the module that exports it, on the host's threads if it has any.
   */
  async seat<C>(
    source: ParticipantDefinition<C> | ActorModule<C>,
    { options = {} as OptionsOf<C>, rooms }: SeatOptions<C> = {},
  ): Promise<ActorHandle<C>> {
    const isHere = isParticipantDefinition(source);
    const { definition, ...module } = isHere ? { definition: source } : await loadParticipantModule(source);
    const { participant } = definition;
    const name = actorNames.participant(participant.id);
    const address = isHere
      ? this.actors.system.spawnLocal(name, definition, options)
      : await this.#start(name, module as ActorModule, definition, options);
    await this.#join(participant, rooms ?? definition.rooms);
    return new ActorHandle<C>(this.actors.system, name, address);
  }

  /** Seats a person, or somebody of another kind, who says and hears what the test wants. */
  async person(who: string | ChatParticipant, rooms: readonly string[] = ['lobby']): Promise<TestPerson> {
    const participant: ChatParticipant =
      typeof who === 'string' ? { id: who.toLowerCase(), name: who, type: 'human' } : who;
    const probe = this.actors.probe(actorNames.participant(participant.id));
    await this.#join(participant, rooms);
    return new TestPerson(this.actors, probe, participant, rooms[0] ?? 'lobby');
  }

  /** Crashes a participant; its supervisor starts it again, and its rooms greet it anew. */
  crash(participantId: string, message?: string): void {
    this.actors.crash({ name: actorNames.participant(participantId) }, message);
  }

  advance(ms: number): Promise<void> {
    return this.actors.time.advance(ms);
  }

  close(): Promise<void> {
    return this.actors.close();
  }

  async #serve({ rooms = ['lobby'] }: RoomsOptions): Promise<this> {
    const { system } = this.actors;
    const service = roomLogService({ store: this.log, startRoom: (room) => this.#startRoom(room) });
    system.spawnLocal(actorNames.roomLog, serviceActor, service);
    await this.#start(actorNames.chatDaemon, actorModules.chatDaemon, chatDaemon);
    system.on('actor-restarted', ({ name }) => {
      const [kind, participantId] = name.split('/', 2);
      if (kind !== 'participant') return;
      system.tell({ name: actorNames.chatDaemon }, { type: 'chat.here', data: { participantId } });
    });
    for (const roomId of rooms) await this.openRoom(roomId);
    return this;
  }

  async #startRoom(room: RoomRecord): Promise<void> {
    if (!this.#started.has(room.roomId)) {
      this.#started.add(room.roomId);
      const options: ChatRoomOptions = { roomId: room.roomId, nodeKeySeed: this.#keySeed };
      await this.#start(actorNames.room(room.roomId), actorModules.chatRoom, chatRoom, options);
    }
    this.actors.system.tell({ name: actorNames.chatDaemon }, { type: 'chat.room-opened', data: room });
  }

  /** A thread loads the module by itself; under virtual time, in which nothing is loaded, the definition serves. */
  async #start(
    name: string,
    module: ActorModule,
    definition: ActorDefinition,
    options?: unknown,
  ): Promise<ActorAddress> {
    const { actors } = this;
    if (actors instanceof TestShards) return actors.system.spawn({ name, ...module, options });
    return actors.system.spawnLocal(name, definition, options);
  }

  async #join(participant: ChatParticipant, rooms: readonly string[]): Promise<void> {
    const { system, time } = this.actors;
    const to = { name: actorNames.chatDaemon };
    const seat = actorNames.participant(participant.id);
    const joined = rooms.map((roomId) => {
      const data = { roomId, participant, seat, create: true };
      return system.ask(to, { type: chatCommands.joinRoom, data }, { deadlineMs });
    });
    await time.settled(Promise.all(joined));
    await time.advance(0);
  }
}
