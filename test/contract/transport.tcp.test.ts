import t from 'tap';
import { identityFromSeed, type NodeId } from '../../runtime/protocol/identity.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { TcpReliableTransport } from '../../transports/tcp/TcpReliableTransport.js';
import { reliableContract } from './reliableTransport.contract.js';
import { transportContract } from './transport.contract.js';

const host = '127.0.0.1';

t.test('tcp', async (test) => {
  const transports = new Map<NodeId, TcpReliableTransport>();
  transportContract(test, {
    hearsItself: false,
    async create(count) {
      const academyId = `tcp-contract-${systemRandom.id()}`;
      return Array.from({ length: count }, () => {
        const identity = identityFromSeed(systemRandom.bytes(32));
        const transport = new TcpReliableTransport({
          identity,
          academyId,
          connectionKey: null,
          clock: systemClock,
          random: systemRandom,
        });
        transports.set(identity.nodeId, transport);
        return { nodeId: identity.nodeId, transport };
      });
    },
    introduce(members) {
      for (const one of members) {
        for (const { nodeId } of members) {
          const port = transports.get(nodeId)?.port ?? 0;
          transports.get(one.nodeId)?.setPeer({ nodeId, host, port });
        }
      }
    },
  });
});

t.test('tcp, reliable', async (test) =>
  reliableContract(test, {
    create: (options) => new TcpReliableTransport({ ...options, clock: systemClock, random: systemRandom }),
    host: () => host,
    refusedFor: (transport, reason) => (transport as TcpReliableTransport).stats().refused[reason],
  }),
);
