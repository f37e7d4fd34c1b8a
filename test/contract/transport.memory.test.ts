import t from 'tap';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { MemoryNetwork } from '../../transports/memory/MemoryNetwork.js';
import { MemoryReliableTransport, memoryHost } from '../../transports/memory/MemoryReliableTransport.js';
import { MemoryTransport } from '../../transports/memory/MemoryTransport.js';
import { reliableContract } from './reliableTransport.contract.js';
import { type ContractMember, transportContract } from './transport.contract.js';

const identity = () => identityFromSeed(systemRandom.bytes(32));
const newNetwork = () => new MemoryNetwork({ clock: systemClock, random: seededRandom(1) });

t.test('memory', async (test) =>
  transportContract(test, {
    hearsItself: true,
    async create(count) {
      const network = newNetwork();
      return Array.from({ length: count }, () => {
        const { nodeId } = identity();
        return { nodeId, transport: new MemoryTransport({ network, nodeId, channel: 'training' }) };
      });
    },
    introduce() {},
  }),
);

t.test('memory, connected', async (test) =>
  transportContract(test, {
    hearsItself: false,
    async create(count) {
      const network = newNetwork();
      return Array.from({ length: count }, (): ContractMember => {
        const options = { network, identity: identity(), academyId: 'memory-contract', connectionKey: null };
        return { nodeId: options.identity.nodeId, transport: new MemoryReliableTransport(options) };
      });
    },
    introduce(members) {
      for (const { transport } of members) {
        for (const other of members) {
          const { port } = other.transport as MemoryReliableTransport;
          (transport as MemoryReliableTransport).setPeer({ nodeId: other.nodeId, host: memoryHost, port });
        }
      }
    },
  }),
);

t.test('memory, reliable', async (test) => {
  const network = newNetwork();
  reliableContract(test, {
    create: (options) => new MemoryReliableTransport({ ...options, network }),
    host: () => memoryHost,
    refusedFor: (transport, reason) => (transport as MemoryReliableTransport).stats().refused[reason],
  });
});
