/** A node in a process of its own, driven over the fork's channel: `{ id, call, args }` in, `{ id, result | error }` out. */

import { SignalCheck } from '../../../benchmarks/multicast/SignalCheck.js';
import { trainingSignals } from '../../../benchmarks/multicast/trainingSignals.js';
import { createAcademyNode } from '../../../index.js';
import type { PersonSeat } from '../../../node/PersonSeat.js';
import type { EventPublication, PublicationOptions } from '../../../runtime/mesh/EventStreams.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';

interface Call {
  readonly id: number;
  readonly call:
    | 'start'
    | 'join'
    | 'say'
    | 'judge'
    | 'heard'
    | 'signals'
    | 'nodes'
    | 'history'
    | 'inspect'
    | 'drops'
    | 'packetsSent'
    | 'reliablePort'
    | 'execute'
    | 'hearSignals'
    | 'heardSignals'
    | 'openPublisher'
    | 'publisher'
    | 'publish'
    | 'stop';
  readonly args: readonly unknown[];
}

let node: Awaited<ReturnType<typeof createAcademyNode>> | undefined;
let seat: PersonSeat | undefined;
const published = trainingSignals(1);
const heardSignals = new SignalCheck(published);
let publisher: EventPublication<'academy.training.signal'> | undefined;
const heard: string[] = [];
const signals: string[] = [];

const calls: Record<Call['call'], (...args: never[]) => unknown> = {
  start: async (options: object) => {
    node = await createAcademyNode(options);
    return { nodeId: node.nodeId };
  },
  join: async (id: string, rooms: readonly string[]) => {
    seat = await node?.person({ id, name: id, type: 'human' }, rooms);
    seat?.onNotice(({ type, data }) => {
      if (type === 'room.message') heard.push(data.message.text);
      if (type === 'room.signal') signals.push(data.signal.messageId);
    });
    return null;
  },
  say: (roomId: string, text: string) => seat?.say({ roomId, text }),
  judge: (roomId: string, messageId: string, value: number) => seat?.judge({ roomId, messageId, value }),
  heard: () => heard,
  signals: () => signals,
  nodes: () => node?.nodes().map(({ nodeId }) => nodeId),
  history: async (roomId: string) => (await node?.history({ roomId, limit: 1000 }))?.messages.map(({ text }) => text),
  inspect: (roomId: string) => node?.room(roomId),
  drops: async () => (await node?.status())?.drops,
  packetsSent: async () => {
    const transports = Object.entries((await node?.status())?.transports ?? {});
    return Object.fromEntries(transports.map(([name, { packetsSent }]) => [name, packetsSent]));
  },
  reliablePort: () => node?.nodes()[0]?.network.collaborationPort,
  execute: (target: string, command: string, payload: unknown) =>
    node?.executeRemoteCommand(target, command, payload, { deadlineMs: 3_000 }),
  hearSignals: () => {
    if (!node) return null;
    const { events, admin } = node;
    events.on('academy.training.signal', { admin }, ({ data }) => void heardSignals.take(data));
    return null;
  },
  heardSignals: () => {
    const { received, lost, disordered, corrupt } = heardSignals;
    return { received, lost, disordered, corrupt };
  },
  openPublisher: (options: PublicationOptions) => {
    publisher = node?.publisher('academy.training.signal', options);
    return null;
  },
  publisher: () => ({ members: publisher?.members, stats: publisher?.stats }),
  publish: async (count: number) => {
    for (let index = 0; publisher && index < count; index++) {
      const signal = published[index % published.length] as TrainingSignal;
      while (!publisher.publish(signal)) await publisher.ready();
    }
    await publisher?.flush();
    return null;
  },
  stop: async () => {
    await node?.stop();
    setImmediate(() => process.disconnect());
    return null;
  },
};

process.on('message', (message) => {
  const { id, call, args } = message as Call;
  Promise.resolve()
    .then(() => calls[call](...(args as never[])))
    .then(
      (result) => process.send?.({ id, result: result ?? null }),
      (fault: Error & { code?: string }) => process.send?.({ id, error: { code: fault.code, message: fault.message } }),
    );
});
