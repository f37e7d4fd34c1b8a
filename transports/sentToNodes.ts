import { toErrorRecord } from '../runtime/protocol/errors.js';
import type { TransportSendResult } from '../runtime/protocol/Transport.js';

/**
 * What is known of a packet that went to single nodes: `received` when all have acknowledged it; `failed` when one has
 * not, with how many; and with nobody to send it to, `sent` with 0 bytes.
 * @param toAll whether it went to every node that is known
 */
export function sentToNodes(
  packetBytes: number,
  delivered: number,
  faults: readonly unknown[],
  toAll: boolean,
): TransportSendResult {
  const bytes = delivered * packetBytes;
  if (faults.length > 0) {
    const error = toErrorRecord(faults[0], 'ERR_ACADEMY_NODE_UNKNOWN');
    const message = `${faults.length} of ${delivered + faults.length} nodes did not get it: ${error.message}`;
    return { success: false, receipt: 'failed', bytes, error: { ...error, message } };
  }
  if (delivered === 0) return { success: true, receipt: 'sent', bytes: 0 };
  return { success: true, receipt: 'received', bytes, ...(toAll ? { academyBroadcast: true } : {}) };
}
