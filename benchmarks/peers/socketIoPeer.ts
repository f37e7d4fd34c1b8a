/**
 * socket.io over its WebSocket transport: the publisher is the server, and emits objects to all clients (JSON, by
 * socket.io itself), or bytes. emit() never says no; what waits is in the write buffer of each connection.
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopback, type Peer, type PeerMessage } from './Peer.js';

/** The engine's connection under a socket: messages that wait, and an event when none does. */
interface Connection {
  readonly writeBuffer: readonly unknown[];
  once(event: 'drain', listener: () => void): void;
}
interface ServerSocket {
  readonly conn: Connection;
}
interface Server {
  on(event: 'connection', listener: (socket: ServerSocket) => void): void;
  emit(event: string, message: PeerMessage): void;
  close(onClosed: () => void): void;
}
interface SocketIo {
  readonly Server: new (server: ReturnType<typeof createServer>) => Server;
}
interface ClientSocket {
  on(event: string, listener: (message: PeerMessage) => void): void;
  once(event: 'connect', listener: () => void): void;
  once(event: 'connect_error', listener: (error: Error) => void): void;
  disconnect(): void;
}
interface SocketIoClient {
  readonly io: (
    address: string,
    options: { readonly transports: readonly string[]; readonly reconnection: boolean },
  ) => ClientSocket;
}

const event = 'signal';
/** Messages that may wait at one connection. */
const waitingMax = 256;

export const socketIoPeer: Peer = {
  messages: 'objects',

  async openPublisher(network, load) {
    const { Server } = await load<SocketIo>('socket.io');
    const http = createServer();
    const server = new Server(http);
    const connections: Connection[] = [];
    let onConnection = (): void => {};
    server.on('connection', ({ conn }) => {
      connections.push(conn);
      onConnection();
    });
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(network.port, loopback, resolve);
    });
    const full = (): Connection | undefined => connections.find(({ writeBuffer }) => writeBuffer.length > waitingMax);
    return {
      send: (message) => server.emit(event, message),
      get isFull() {
        return full() !== undefined;
      },
      ready: () => {
        const connection = full();
        return connection ? new Promise((resolve) => connection.once('drain', resolve)) : Promise.resolve();
      },
      flush: async () => {
        while (connections.some(({ writeBuffer }) => writeBuffer.length > 0)) await sleep(1);
      },
      whenHeard: () =>
        new Promise((resolve) => {
          onConnection = () => {
            if (connections.length === network.receivers) resolve();
          };
          onConnection();
        }),
      close: () => new Promise((resolve) => server.close(resolve)),
    };
  },

  async openReceiver(network, load, onMessage) {
    const { io } = await load<SocketIoClient>('socket.io-client');
    const socket = io(`http://${loopback}:${network.port}`, { transports: ['websocket'], reconnection: false });
    socket.on(event, onMessage);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return {
      close: async () => {
        socket.disconnect();
      },
    };
  },
};
