/**
 * A network between the two ends of a stream in one process that carries what they tell each other, and keeps the runs:
 * whoever measures hands those over when it wants to. It allocates nothing for a run but its place in a list.
 */
import type { StreamAddress } from '../../runtime/protocol/streams.js';
import type { StreamMessageHandler, StreamNetwork } from '../../transports/udp/stream/StreamNetwork.js';
import { datagramKinds, dataHeader, readU16, readU48 } from '../../transports/udp/stream/streamDatagrams.js';

const slotBytes = 1_400;

export class KeepingNetwork implements StreamNetwork {
  readonly runSlotsMax = 46;
  /** So many that nobody waits for statuses meanwhile. */
  readonly receiveSlots = 4_096;
  readonly #address: StreamAddress;
  #other: KeepingNetwork | null = null;
  #runs: Buffer[] = [];
  #frames = 0;
  /** The first slot that was not sent yet. */
  #next = 0;
  #onGroup: StreamMessageHandler = () => {};
  #onDirect: StreamMessageHandler = () => {};

  private constructor(port: number) {
    this.#address = { host: '127.0.0.1', port };
  }

  /** The networks of two nodes that hear each other. */
  static pair(): readonly [KeepingNetwork, KeepingNetwork] {
    const pair = [new KeepingNetwork(1), new KeepingNetwork(2)] as const;
    pair[0].#other = pair[1];
    pair[1].#other = pair[0];
    return pair;
  }

  get address(): StreamAddress {
    return this.#address;
  }

  /** Frames in the runs that are kept. */
  get frames(): number {
    return this.#frames;
  }

  /** What was sent since this was asked last, where it lies. */
  takeRuns(): readonly Buffer[] {
    const runs = this.#runs;
    this.#runs = [];
    this.#frames = 0;
    return runs;
  }

  sendToGroup(pieces: readonly Buffer[], _slotBytes: number, done: (fault: Error | null) => void): void {
    for (const piece of pieces) {
      if (piece[3] === datagramKinds.data) this.#keep(piece);
      else setImmediate(() => this.#peer.#onGroup(piece, this.#address));
    }
    done(null);
  }

  sendTo(_address: StreamAddress, datagram: Buffer): void {
    setImmediate(() => this.#peer.#onDirect(datagram, this.#address));
  }

  onGroupMessage(handler: StreamMessageHandler): void {
    this.#onGroup = handler;
  }

  onDirectMessage(handler: StreamMessageHandler): void {
    this.#onDirect = handler;
  }

  atEndOfTurn(callback: () => void): void {
    setImmediate(callback);
  }

  #keep(run: Buffer): void {
    // What is asked for again meanwhile lies there already.
    if (readU48(run, dataHeader.sequence) !== this.#next) return;
    this.#runs.push(run);
    for (let at = 0; at < run.length; at += slotBytes) {
      this.#frames += readU16(run, at + dataHeader.frames);
      this.#next += 1;
    }
  }

  get #peer(): KeepingNetwork {
    if (!this.#other) throw new Error('half a network');
    return this.#other;
  }
}
