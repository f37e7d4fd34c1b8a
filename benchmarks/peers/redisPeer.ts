/**
 * Redis publish and subscribe with a server on loopback, JSON. publish() resolves with the server's answer; users who
 * publish in bulk keep many under way, as here, and await them.
 */
import { bytesOf, type LoadPackage, loopback, type Peer } from './Peer.js';

interface RedisClient {
  connect(): Promise<unknown>;
  /** @returns how many subscribers were given it */
  publish(channel: string, message: string | Buffer): Promise<number>;
  subscribe(channel: string, listener: (message: Buffer) => void, bufferMode: true): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): void;
  destroy(): void;
}
interface Redis {
  readonly createClient: (options: {
    readonly socket: { readonly host: string; readonly port: number; readonly reconnectStrategy: false };
  }) => RedisClient;
}

const channel = 'academy.training.signal';
const underWayMax = 256;

export const redisPeer: Peer = {
  messages: 'json',

  async openPublisher(network, load) {
    const client = await connect(network.port, load);
    let underWay = 0;
    let fault: Error | undefined;
    let onAnswer = (): void => {};
    const until = (isEnough: () => boolean): Promise<void> =>
      new Promise((resolve, reject) => {
        onAnswer = () => {
          if (fault) reject(fault);
          else if (isEnough()) resolve();
        };
        onAnswer();
      });
    const answered = (subscribers: number): void => {
      underWay -= 1;
      if (subscribers < network.receivers) fault = new Error(`${subscribers} subscribers are left`);
      onAnswer();
    };
    const failed = (error: Error): void => {
      fault = error;
      onAnswer();
    };
    return {
      send: (message) => {
        underWay += 1;
        client
          .publish(channel, typeof message === 'string' ? message : bufferOf(bytesOf(message)))
          .then(answered, failed);
      },
      get isFull() {
        return underWay >= underWayMax;
      },
      ready: () => until(() => underWay < underWayMax / 2),
      flush: () => until(() => underWay === 0),
      whenHeard: () => Promise.resolve(),
      close: async () => client.destroy(),
    };
  },

  async openReceiver(network, load, onMessage) {
    const client = await connect(network.port, load);
    await client.subscribe(channel, onMessage, true);
    return { close: async () => client.destroy() };
  },
};

async function connect(port: number, load: LoadPackage): Promise<RedisClient> {
  const { createClient } = await load<Redis>('@redis/client');
  const client = createClient({ socket: { host: loopback, port, reconnectStrategy: false } });
  // Without a listener a lost connection would end the process before its question is answered.
  client.on('error', () => {});
  await client.connect();
  return client;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
