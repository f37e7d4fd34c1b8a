import t from 'tap';
import { identityFromSeed, type NodeId } from '../../runtime/protocol/identity.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { AcademyUDPTransport } from '../../transports/udp/AcademyUDPTransport.js';
import { groupAddresses } from '../../transports/udp/groupAddresses.js';
import { socketCalls } from '../../transports/udp/socketCalls.js';
import { type LadderStep, ladderSteps } from '../../transports/udp/UdpGroupSockets.js';
import { type ContractMember, type TransportHarness, transportContract } from './transport.contract.js';

const harnessOn = (step: LadderStep): TransportHarness => ({
  hearsItself: false,
  async create(count) {
    const academyId = `udp-contract-${systemRandom.id()}`;
    const make = (port: number, nodeId: NodeId): AcademyUDPTransport =>
      new AcademyUDPTransport({
        ...groupAddresses(academyId, 'academy', port).training,
        academyId,
        nodeId,
        step,
        clock: systemClock,
      });
    const ids = Array.from({ length: count }, () => identityFromSeed(systemRandom.bytes(32)).nodeId);
    const port = await freePort(make(0, ids[0] as NodeId));
    return ids.map((nodeId): ContractMember => ({ nodeId, transport: make(port, nodeId) }));
  },
  introduce() {},
});

async function freePort(transport: AcademyUDPTransport): Promise<number> {
  await transport.start(() => {});
  const { port } = transport;
  await transport.stop();
  return port;
}

for (const step of ladderSteps) {
  const skip = step === 'segment-offload' && socketCalls() === null && 'this machine has no segment offload';
  t.test(`udp, ${step}`, { skip }, async (test) => transportContract(test, harnessOn(step)));
}
