/** WebSockets with the package ws: the publisher is the server, and sends to each client. Texts are JSON. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { heldBytesMax, loopback, type Peer, type PeerMessage } from './Peer.js';

interface WebSocket {
  readonly bufferedAmount: number;
  binaryType: string;
  send(message: PeerMessage): void;
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
  once(event: 'open' | 'close', listener: () => void): void;
  once(event: 'error', listener: (error: Error) => void): void;
  close(): void;
  terminate(): void;
}
interface WebSocketServer {
  on(event: 'connection', listener: (client: WebSocket, request: IncomingMessage) => void): void;
  once(event: 'listening', listener: () => void): void;
  once(event: 'error', listener: (error: Error) => void): void;
  close(onClosed: () => void): void;
}
interface Ws {
  readonly WebSocket: new (address: string) => WebSocket;
  readonly WebSocketServer: new (options: { readonly host: string; readonly port: number }) => WebSocketServer;
}

export const wsPeer: Peer = {
  messages: 'json',

  async openPublisher(network, load) {
    const ws = await load<Ws>('ws');
    const server = new ws.WebSocketServer({ host: loopback, port: network.port });
    const clients: WebSocket[] = [];
    const sockets: Socket[] = [];
    let onClient = (): void => {};
    server.on('connection', (client, request) => {
      clients.push(client);
      sockets.push(request.socket);
      onClient();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', reject);
    });
    const fullest = (): number => clients.findIndex(({ bufferedAmount }) => bufferedAmount > heldBytesMax);
    return {
      send: (message) => {
        for (const client of clients) client.send(message);
      },
      get isFull() {
        return fullest() >= 0;
      },
      ready: () => {
        const socket = sockets[fullest()];
        return socket ? new Promise((resolve) => socket.once('drain', resolve)) : Promise.resolve();
      },
      flush: async () => {
        while (clients.some(({ bufferedAmount }) => bufferedAmount > 0)) await sleep(1);
      },
      whenHeard: () =>
        new Promise((resolve) => {
          onClient = () => {
            if (clients.length === network.receivers) resolve();
          };
          onClient();
        }),
      close: () => {
        for (const client of clients) client.terminate();
        return new Promise((resolve) => server.close(resolve));
      },
    };
  },

  async openReceiver(network, load, onMessage) {
    const ws = await load<Ws>('ws');
    const client = new ws.WebSocket(`ws://${loopback}:${network.port}`);
    client.on('message', (data) => onMessage(data));
    await new Promise<void>((resolve, reject) => {
      client.once('open', resolve);
      client.once('error', reject);
    });
    return {
      close: () => {
        const closed = new Promise<void>((resolve) => client.once('close', resolve));
        client.close();
        return closed;
      },
    };
  },
};
