/**
 * A path over TCP that paces itself, a line of JSON a signal, with a fault of choice in its address (`?fault=…`) at
 * the 150th signal: what a benchmark must notice.
 */
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { SignalPath } from '../../../benchmarks/multicast/SignalPath.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';

export const faults = ['none', 'missing', 'doubled', 'swapped', 'changed', 'refused', 'nonsense'] as const;
export type Fault = (typeof faults)[number];

const fault = new URL(import.meta.url).searchParams.get('fault') as Fault;
const faultAt = 150;
/** Signals that it takes before it wants ready() to be awaited. */
const takenMax = 7;

/** @public for the processes of the benchmark, which load this module by its address */
export const signalPath: SignalPath = {
  pacing: 'own',

  async openPublisher({ port, receivers }) {
    const sockets: Socket[] = [];
    let onSocket = (): void => {};
    const server = createServer((socket) => {
      sockets.push(socket);
      onSocket();
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const write = (line: string): void => {
      for (const socket of sockets) socket.write(`${line}\n`);
    };
    let count = 0;
    let taken = 0;
    let refused = 0;
    let held: string | undefined;
    return {
      publish: (signal) => {
        if (taken === takenMax) return false;
        taken += 1;
        count += 1;
        const line = JSON.stringify(signal);
        const isFaulty = count === faultAt;
        if (isFaulty && fault === 'refused') refused += 1;
        else if (isFaulty && fault === 'swapped') held = line;
        else if (isFaulty && fault === 'changed') write(JSON.stringify({ ...signal, timestamp: signal.timestamp + 1 }));
        else if (!(isFaulty && fault === 'missing')) write(line);
        if (isFaulty && fault === 'doubled') write(line);
        if (isFaulty && fault === 'nonsense') write('{');
        if (!isFaulty && held !== undefined) {
          write(held);
          held = undefined;
        }
        return true;
      },
      ready: async () => {
        taken = 0;
      },
      flush: async () => {},
      whenHeard: () =>
        new Promise((resolve) => {
          onSocket = () => {
            if (sockets.length === receivers) resolve();
          };
          onSocket();
        }),
      get refused() {
        return refused;
      },
      close: async () => {},
    };
  },

  async openReceiver({ port }, onSignal) {
    const socket = connect(port, '127.0.0.1');
    let dropped = 0;
    createInterface({ input: socket }).on('line', (line) => {
      let signal: TrainingSignal;
      try {
        signal = JSON.parse(line) as TrainingSignal;
      } catch {
        dropped += 1;
        return;
      }
      onSignal(signal);
    });
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return {
      get dropped() {
        return dropped;
      },
      close: async () => {},
    };
  },
};
