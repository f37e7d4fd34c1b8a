/**
 * The test kit: virtual time and seeded chance; a host of actors that shows and disturbs every message, with probes;
 * rooms with people in them; whole nodes on a network in memory; real threads that die. See docs/TESTING.md.
 */

export type { Clock } from './runtime/protocol/Clock.js';
export { type Random, seededRandom } from './runtime/protocol/Random.js';
export { type MessageConditions, MessageFaults, type MessageMatch } from './testing/MessageFaults.js';
export { MessageTrace, type TracedMessage } from './testing/MessageTrace.js';
export { type MessageExpectation, Probe } from './testing/Probe.js';
export { RecordingMesh } from './testing/RecordingMesh.js';
export { Simulation, type SimulationOptions } from './testing/Simulation.js';
export { SkewedClock } from './testing/SkewedClock.js';
export type { ShardDeath } from './testing/shardKiller.js';
export { TestActors, type TestActorsOptions } from './testing/TestActors.js';
export { TestMesh, type TestMeshOptions, type TestNode } from './testing/TestMesh.js';
export { type ChatExpectation, TestPerson } from './testing/TestPerson.js';
export { type SeatOptions, TestRooms, type TestRoomsOptions } from './testing/TestRooms.js';
export {
  type ActorFailure,
  type ShardDown,
  type ShardUp,
  TestShards,
  type TestShardsOptions,
} from './testing/TestShards.js';
export { type LinkConditions, MemoryNetwork } from './transports/memory/MemoryNetwork.js';
export { MemoryReliableTransport } from './transports/memory/MemoryReliableTransport.js';
export { MemoryTransport } from './transports/memory/MemoryTransport.js';
export { VirtualClock } from './transports/memory/VirtualClock.js';
