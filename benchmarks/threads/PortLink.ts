/** A ShardLink over a MessagePort: one postMessage carries all frames of a turn. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Frame } from '../../runtime/hosting/frames.js';
import type { ShardLink, ShardLinkEnd } from '../../runtime/hosting/shards/ShardLink.js';

export class PortLink implements ShardLink {
  readonly #port: MessagePort;
  readonly #end: ShardLinkEnd;
  #frames: Frame[] = [];
  #moves: MessagePort[] = [];

  constructor(port: MessagePort, end: ShardLinkEnd) {
    this.#port = port;
    this.#end = end;
    port.on('message', (frames: readonly Frame[]) => this.#receive(frames));
  }

  post(frame: Frame, moves?: readonly MessagePort[]): void {
    this.#frames.push(frame);
    if (moves) this.#moves.push(...moves);
    if (this.#frames.length === 1) this.#end.pending(this);
  }

  flush(): void {
    if (this.#frames.length === 0) return;
    const frames = this.#frames;
    const moves = this.#moves;
    this.#frames = [];
    if (moves.length > 0) this.#moves = [];
    try {
      this.#port.postMessage(frames, moves);
    } catch {
      this.#postEach(frames, moves);
    }
  }

  drain(): void {
    for (let batch = receiveMessageOnPort(this.#port); batch; batch = receiveMessageOnPort(this.#port)) {
      this.#receive(batch.message as readonly Frame[]);
    }
  }

  close(): void {
    this.#frames = [];
    this.#moves = [];
    this.#port.removeAllListeners('message');
    this.#port.close();
  }

  #receive(frames: readonly Frame[]): void {
    for (const frame of frames) this.#end.receive(frame);
  }

  /** Finds the frames that cannot be cloned, so that they take no other with them. */
  #postEach(frames: readonly Frame[], moves: readonly MessagePort[]): void {
    for (const frame of frames) {
      try {
        this.#port.postMessage([frame], frame[0] === 'link' ? moves.filter((port) => port === frame[2].port) : []);
      } catch (cause) {
        this.#end.unsendable(frame, cause);
      }
    }
  }
}
