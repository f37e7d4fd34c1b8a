/**
 * What is known of a message that was handed over; never more than is known.
 * `queued` in a local buffer; `sent` given to the socket; `received` n nodes have it; `accepted` in a replica's
 * memory; `stored` after fsync; `handled` an actor has dealt with it.
 */
export const receiptWords = ['queued', 'sent', 'received', 'accepted', 'stored', 'handled'] as const;
export type ReceiptWord = (typeof receiptWords)[number];

export interface EventReceipt {
  readonly eventId: string;
  readonly word: ReceiptWord;
  /** Nodes that have it, where that is known. */
  readonly nodes?: number;
  /** The transport that carried it, or `local` when it did not leave the node. */
  readonly transport: string;
  /** Why it went another way than the routing table says, e.g. `too-large-for-datagram`. */
  readonly detour?: string;
  readonly bytes: number;
}
