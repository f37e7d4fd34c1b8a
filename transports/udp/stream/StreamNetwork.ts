/**
 * What the stream engine needs of a network: one group, direct answers, and a way to be called at the end of the turn.
 * UDP sockets are one (UdpStreamNetwork); tests and simulations use a network in memory.
 */
import type { StreamAddress } from '../../../runtime/protocol/streams.js';

/**
 * One message of the network. It may hold several datagrams of one source back to back, and is only lent: whoever keeps
 * bytes copies them.
 */
export type StreamMessageHandler = (bytes: Buffer, from: StreamAddress) => void;

export interface StreamNetwork {
  /** Slots that one send may carry: 1 where each datagram is sent by itself. */
  readonly runSlotsMax: number;
  /** Datagrams of a slot's size that the receive buffer holds, by what the kernel charges for one. */
  readonly receiveSlots: number;
  /**
   * Hands slots to the group, in order: one piece of memory or several, each a multiple of `slotBytes` but the last.
   * The bytes stay as they are until `done`.
   */
  sendToGroup(pieces: readonly Buffer[], slotBytes: number, done: (fault: Error | null) => void): void;
  /** Best effort; the bytes are copied or sent before it returns. */
  sendTo(address: StreamAddress, datagram: Buffer): void;
  onGroupMessage(handler: StreamMessageHandler): void;
  onDirectMessage(handler: StreamMessageHandler): void;
  /** Calls back at the end of this turn of the event loop, when what else is ready has been handled. */
  atEndOfTurn(callback: () => void): void;
}
