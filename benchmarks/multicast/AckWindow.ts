/**
 * What keeps a fast publisher from overrunning its receivers: so many signals may be under way, and each receiver says
 * every few signals how far it has come. Without it 40 to 70 % of a burst is lost in the receivers' socket buffers.
 */
import { createSocket, type Socket } from 'node:dgram';

/** Under way at most: Linux charges up to 2.3 KB for a datagram, against a default receive buffer of 208 KB. */
export const windowSignals = 64;
const acknowledgeEvery = 16;
/** After this long without a new acknowledgement a receiver repeats its last one. */
const repeatMs = 20;
/** After this long without progress what is under way is given up. */
const stallMs = 500;
const loopback = '127.0.0.1';
const acknowledgementBytes = 12;

/** The publisher's side. */
export class AckWindow {
  readonly #socket: Socket = createSocket('udp4');
  readonly #positions: number[];
  readonly #onProgress: () => void;
  #sent = 0;
  #givenUp = 0;
  #stall: NodeJS.Timeout | undefined;

  /** @param onProgress told when there may be room again */
  constructor(receivers: number, onProgress: () => void) {
    this.#positions = new Array<number>(receivers).fill(0);
    this.#onProgress = onProgress;
  }

  /** @returns the port to which receivers acknowledge */
  async open(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(0, loopback, resolve);
    });
    this.#socket.on('message', (bytes) => this.#acknowledged(bytes));
    return this.#socket.address().port;
  }

  get hasRoom(): boolean {
    return this.#underWay() < windowSignals;
  }

  get isEmpty(): boolean {
    return this.#underWay() === 0;
  }

  /** Notes one more signal under way. */
  published(): void {
    this.#sent += 1;
    if (this.#stall === undefined) this.#watch();
  }

  close(): Promise<void> {
    clearTimeout(this.#stall);
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #underWay(): number {
    return this.#sent - Math.max(this.#givenUp, Math.min(...this.#positions));
  }

  #acknowledged(bytes: Buffer): void {
    if (bytes.length !== acknowledgementBytes) return;
    const receiver = bytes.readUInt32LE(0);
    const position = bytes.readDoubleLE(4);
    const known = this.#positions[receiver];
    if (known === undefined || position <= known) return;
    this.#positions[receiver] = position;
    this.#watch();
    this.#onProgress();
  }

  #watch(): void {
    clearTimeout(this.#stall);
    this.#stall = this.isEmpty ? undefined : setTimeout(() => this.#giveUp(), stallMs);
  }

  #giveUp(): void {
    this.#stall = undefined;
    this.#givenUp = this.#sent;
    this.#onProgress();
  }
}

/** A receiver's side. */
export class Acknowledger {
  readonly #socket: Socket = createSocket('udp4');
  readonly #message = Buffer.alloc(acknowledgementBytes);
  readonly #port: number;
  readonly #repeat: NodeJS.Timeout;
  #position = 0;
  #told = 0;

  constructor(receiver: number, port: number) {
    this.#port = port;
    this.#message.writeUInt32LE(receiver, 0);
    this.#repeat = setInterval(() => this.#tell(), repeatMs);
  }

  /** @param position of the stream up to which signals have arrived or were skipped */
  reached(position: number): void {
    this.#position = position;
    if (position - this.#told >= acknowledgeEvery) this.#tell();
  }

  close(): Promise<void> {
    clearInterval(this.#repeat);
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #tell(): void {
    this.#told = this.#position;
    this.#message.writeDoubleLE(this.#position, 4);
    // Only numbers that grow are sent; dgram may still hold the last one, so each send has its own copy.
    this.#socket.send(Buffer.from(this.#message), this.#port, loopback);
  }
}
