import type { TransportSendResult } from '../runtime/protocol/Transport.js';
import type { GroupChannel } from './udp/groupAddresses.js';

/** Says of a packet that left for a group what is true of it, and nothing else. */
export function sentToGroup(channel: GroupChannel, bytes: number): TransportSendResult {
  const sent = { success: true, receipt: 'sent', bytes } as const;
  switch (channel) {
    case 'training':
      return { ...sent, academyBroadcast: true, trainingDataShared: true };
    case 'evolution':
      return { ...sent, academyBroadcast: true };
    case 'genome':
      return { ...sent, genomeShared: true, genomeSizeBytes: bytes };
  }
}
