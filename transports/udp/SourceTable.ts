/**
 * One PacketSource for each address and port that has been heard, so that a datagram from a known source allocates
 * nothing. Bounded: when it is full it is emptied, and the sources that still talk are back with their next datagram.
 */
import { limits } from '../../runtime/protocol/limits.js';
import type { PacketSource } from '../../runtime/protocol/Transport.js';

export class SourceTable {
  readonly #transport: string;
  readonly #byAddress = new Map<string, Map<number, PacketSource>>();
  #size = 0;

  constructor(transport: string) {
    this.#transport = transport;
  }

  get size(): number {
    return this.#size;
  }

  of(address: string, port: number): PacketSource {
    return this.#byAddress.get(address)?.get(port) ?? this.#add(address, port);
  }

  #add(address: string, port: number): PacketSource {
    if (this.#size >= limits.sourcesMax) this.clear();
    const source: PacketSource = { transport: this.#transport, source: `${address}:${port}` };
    const ports = this.#byAddress.get(address) ?? new Map<number, PacketSource>();
    this.#byAddress.set(address, ports.set(port, source));
    this.#size += 1;
    return source;
  }

  clear(): void {
    this.#byAddress.clear();
    this.#size = 0;
  }
}
