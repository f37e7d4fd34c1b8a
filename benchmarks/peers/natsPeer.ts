/**
 * NATS with a server on loopback, core publish and subscribe, JSON. publish() only fills a buffer, so a publisher that
 * must not run away flushes (a round trip to the server) every so often, as here.
 */
import { heldBytesMax, loopback, type Peer } from './Peer.js';

interface Subscription {
  unsubscribe(): void;
}
interface NatsConnection {
  publish(subject: string, payload: string | Uint8Array): void;
  subscribe(
    subject: string,
    options: { readonly callback: (error: Error | null, message: { readonly data: Uint8Array }) => void },
  ): Subscription;
  flush(): Promise<void>;
  close(): Promise<void>;
}
interface Nats {
  readonly connect: (options: { readonly servers: string; readonly reconnect: boolean }) => Promise<NatsConnection>;
}

const subject = 'academy.training.signal';

export const natsPeer: Peer = {
  messages: 'json',

  async openPublisher(network, load) {
    const connection = await connect(network.port, await load<Nats>('@nats-io/transport-node'));
    /** Bytes since the last flush was begun; half of what may be held, for two flushes are under way by turns. */
    let fresh = 0;
    let flushing: Promise<void> | undefined;
    const flushed = (): void => {
      flushing = undefined;
    };
    return {
      send: (message) => {
        if (typeof message !== 'string' && !(message instanceof Uint8Array)) throw new Error('NATS carries bytes');
        connection.publish(subject, message);
        fresh += message.length;
        if (fresh > heldBytesMax / 2 && !flushing) {
          fresh = 0;
          flushing = connection.flush().then(flushed);
        }
      },
      get isFull() {
        return fresh > heldBytesMax / 2;
      },
      ready: async () => {
        await flushing;
        fresh = 0;
      },
      flush: () => connection.flush(),
      whenHeard: () => connection.flush(),
      close: () => connection.close(),
    };
  },

  async openReceiver(network, load, onMessage) {
    const connection = await connect(network.port, await load<Nats>('@nats-io/transport-node'));
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) throw error;
        onMessage(message.data);
      },
    });
    // Once this returns, the server knows of the subscription.
    await connection.flush();
    return { close: () => connection.close() };
  },
};

function connect(port: number, { connect: open }: Nats): Promise<NatsConnection> {
  return open({ servers: `${loopback}:${port}`, reconnect: false });
}
