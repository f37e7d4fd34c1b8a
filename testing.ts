/**
 * The test kit: virtual time, seeded chance, and a network in memory that loses, delays, reorders, doubles and parts
 * as a test wants it, the same way again for the same seed.
 */

export type { Clock } from './runtime/protocol/Clock.js';
export { type Random, seededRandom } from './runtime/protocol/Random.js';
export { MemoryNetwork } from './transports/memory/MemoryNetwork.js';
export { MemoryReliableTransport } from './transports/memory/MemoryReliableTransport.js';
export { MemoryTransport } from './transports/memory/MemoryTransport.js';
export { VirtualClock } from './transports/memory/VirtualClock.js';
