import { AcademyError, type AcademyErrorCode } from '../runtime/protocol/errors.js';
import type { TransportSendResult } from '../runtime/protocol/Transport.js';

/** What a socket, an interface or the network refused; every transport names it by the same code. */
export const sendRefused: AcademyErrorCode = 'ERR_ACADEMY_TRANSPORT_START';

/** The result of a packet that did not leave: transports answer, they do not throw. */
export function failedSend(code: AcademyErrorCode, message: string): TransportSendResult {
  return { success: false, receipt: 'failed', bytes: 0, error: { code, message } };
}

export function sendAfterStop(transport: string): TransportSendResult {
  return failedSend('ERR_ACADEMY_NODE_STOPPED', `${transport} is not running`);
}

export function sendTooLarge(transport: string, bytes: number, bytesMax: number): TransportSendResult {
  return failedSend('ERR_ACADEMY_PACKET_TOO_LARGE', `${bytes} bytes; ${transport} carries ${bytesMax}`);
}

/** An error of Node's own, told as what could not be started. `EADDRINUSE` becomes ERR_ACADEMY_PORT_IN_USE. */
export function startError(transport: string, address: string, cause: unknown): AcademyError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
    return new AcademyError('ERR_ACADEMY_PORT_IN_USE', `${transport}: ${address} is in use`, {
      remedy: 'end the program that has the port, choose another port, or choose 0 for any free one',
      cause,
    });
  }
  return new AcademyError('ERR_ACADEMY_TRANSPORT_START', `${transport}: ${address}: ${reason}`, {
    remedy: 'check that the address belongs to an interface of this machine that is up',
    cause,
  });
}
