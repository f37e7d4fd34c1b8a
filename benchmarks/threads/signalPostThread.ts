/** A thread whose actors are told signals by a port: each as one message, as one would without further thought. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ActorMessage } from '../../runtime/protocol/actors.js';
import { addressesOf, LocalHost } from '../actors/LocalHost.js';
import { signalListener } from './signalListener.js';

export interface SignalPostThreadData {
  readonly listeners: number;
}

/** With an `ask` it wants an answer under that number. */
export interface Posted {
  readonly listener: number;
  readonly message: ActorMessage;
  readonly ask?: number;
}

export interface PostedAnswer {
  readonly ask: number;
  readonly answer: unknown;
  /** The first thing that has gone wrong. */
  readonly trouble: string | null;
}

const host = new LocalHost();
const { listeners } = workerData as SignalPostThreadData;
const addresses = addressesOf(host.spawnMany(signalListener, listeners, {}));

parentPort?.on('message', ({ listener, message, ask }: Posted) => {
  const to = addresses[listener];
  if (!to) throw new Error(`there is no listener ${listener}`);
  if (ask === undefined) return host.tell(to, message);
  void host.ask(to, message).then((answer) => {
    parentPort?.postMessage({ ask, answer, trouble: host.trouble } satisfies PostedAnswer);
  });
});
