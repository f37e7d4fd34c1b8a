/**
 * The transports of one node by name. The mesh asks for a name at every send, so that a running node's events can be
 * given another transport: `swap` stops the old one and starts the new one under the same name.
 *
 * ```ts
 * const transports = new TransportFactory();
 * transports.register(new AcademyUDPTransport({ mode: 'multicast', ...options }));   // 'academy-training'
 * await transports.startAll((bytes, from) => receive(bytes, from));
 * await transports.swap('academy-training', new MemoryTransport(memoryOptions));
 * ```
 */
import { AcademyError } from '../runtime/protocol/errors.js';
import { type ConsumeStream, isStreaming } from '../runtime/protocol/streams.js';
import type { PacketHandler, Transport } from '../runtime/protocol/Transport.js';

interface Registration {
  transport: Transport;
  running: boolean;
}

export class TransportFactory {
  readonly #registrations = new Map<string, Registration>();
  #handler: PacketHandler | null = null;
  #consumerOf: ((name: string) => ConsumeStream) | null = null;
  /** Starting, swapping and stopping happen one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  /**
   * @param name under which the routing table finds it
   * @throws AcademyError ERR_ACADEMY_TRANSPORT_DUPLICATE
   */
  register(transport: Transport, name: string = transport.name): void {
    if (this.#registrations.has(name)) {
      throw new AcademyError('ERR_ACADEMY_TRANSPORT_DUPLICATE', `a transport named "${name}" is registered already`, {
        remedy: 'give it another name, or swap the one that is there',
      });
    }
    this.#registrations.set(name, { transport, running: false });
  }

  /** Who takes the streams of each transport, by its name; a transport that is swapped in later hands them on as well. */
  onStreams(consumerOf: (name: string) => ConsumeStream): void {
    this.#consumerOf = consumerOf;
  }

  has(name: string): boolean {
    return this.#registrations.has(name);
  }

  /** @throws AcademyError ERR_ACADEMY_TRANSPORT_UNKNOWN, naming the known ones */
  get(name: string): Transport {
    return this.#registration(name).transport;
  }

  names(): readonly string[] {
    return [...this.#registrations.keys()];
  }

  /**
   * Starts what is registered and not running yet; call it again for what was registered later.
   * @throws AcademyError of the first that cannot start; those that this call had started are stopped again
   */
  startAll(handler: PacketHandler): Promise<void> {
    return this.#inTurn(async () => {
      this.#handler = handler;
      const started: Registration[] = [];
      try {
        for (const [name, registration] of this.#registrations) {
          if (registration.running) continue;
          this.#handOnStreams(name, registration.transport);
          await start(registration, handler);
          started.push(registration);
        }
      } catch (fault) {
        await Promise.all(started.map(stop));
        throw fault;
      }
    });
  }

  /**
   * Puts another transport in the place of a name. While it runs the old one is stopped first, because both may want
   * the same port; if the new one cannot start, the old one is started again.
   * @returns the transport that was replaced, stopped
   * @throws AcademyError ERR_ACADEMY_TRANSPORT_UNKNOWN, or what the new one failed with
   */
  swap(name: string, replacement: Transport): Promise<Transport> {
    return this.#inTurn(async () => {
      const registration = this.#registration(name);
      const replaced = registration.transport;
      if (!registration.running || !this.#handler) {
        registration.transport = replacement;
        return replaced;
      }
      await stop(registration);
      registration.transport = replacement;
      this.#handOnStreams(name, replacement);
      try {
        await start(registration, this.#handler);
      } catch (fault) {
        registration.transport = replaced;
        await start(registration, this.#handler);
        throw fault;
      }
      return replaced;
    });
  }

  /** Stops all, whatever one of them says; they can be started again. */
  stopAll(): Promise<void> {
    return this.#inTurn(async () => {
      const faults = (await Promise.allSettled([...this.#registrations.values()].map(stop))).flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason] : [],
      );
      if (faults.length > 0) throw new AggregateError(faults, 'transports that did not stop cleanly');
    });
  }

  #handOnStreams(name: string, transport: Transport): void {
    if (this.#consumerOf && isStreaming(transport)) transport.onStream(this.#consumerOf(name));
  }

  #registration(name: string): Registration {
    const registration = this.#registrations.get(name);
    if (registration) return registration;
    const known = this.names().join(', ') || 'none';
    throw new AcademyError('ERR_ACADEMY_TRANSPORT_UNKNOWN', `there is no transport "${name}"; known: ${known}`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(work);
    this.#work = turn.catch(() => undefined);
    return turn;
  }
}

async function start(registration: Registration, handler: PacketHandler): Promise<void> {
  await registration.transport.start(handler);
  registration.running = true;
}

async function stop(registration: Registration): Promise<void> {
  if (!registration.running) return;
  registration.running = false;
  await registration.transport.stop();
}
