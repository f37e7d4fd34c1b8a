/**
 * The way from one host to another. Frames are queued and leave together when the host ends its turn, because what a
 * crossing of threads costs is the waking, not the frame. RingLink is the link of the product; its benchmark measures
 * it against one that only posts.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Frame } from '../frames.js';

export interface ShardLink {
  /**
   * @param frame whose payload, if it is an event, may be used again when this returns
   * @param moves ports that the frame hands over
   */
  post(frame: Frame, moves?: readonly MessagePort[]): void;
  /** Sends what has been queued. */
  flush(): void;
  /** Receives at once what the other side, which may be dead by now, has sent. */
  drain(): void;
  /** Nothing is sent or received afterwards; queued frames are lost. */
  close(): void;
}

/** What a link tells the host that owns it. */
export interface ShardLinkEnd {
  receive(frame: Frame): void;
  /** What there was has been received; the host need not wait for the loop's next turn to see to it. */
  received(): void;
  /** Frames wait for flush(); called once until then. */
  pending(link: ShardLink): void;
  /** A frame holds what cannot be cloned (a function, say) and is not sent. */
  unsendable(frame: Frame, cause: unknown): void;
  /** The other side does not read, too many frames wait for it already, and this one is not sent. */
  overfull(frame: Frame): void;
  /** What the other side has written cannot be read; the link is closed. */
  broken(cause: unknown): void;
}
