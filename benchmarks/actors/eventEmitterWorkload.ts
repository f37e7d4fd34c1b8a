/**
 * The floor: eventemitter3, which has neither state nor mailbox, address or supervision. An "actor" is an emitter with
 * one listener, and a message is a call.
 */
import { EventEmitter } from 'eventemitter3';
import { expectCount, slopeOfMemory, timed } from './measure.js';
import { fanOutRounds, fanOutWidth, type Workload } from './Workload.js';

interface Message {
  readonly text: string;
}

interface Listener {
  readonly emitter: EventEmitter<{ message: [Message] }>;
  heard: number;
}

export const eventEmitterWorkload: Workload = {
  async spawn(count) {
    let listeners = many(count);
    return timed(
      count,
      () => {
        listeners = many(count);
      },
      () => expectCount('emitters', listeners.length, count),
    );
  },

  idle: (count) => slopeOfMemory(count, many, (all) => expectCount('emitters', all.length, all.length)),

  async pingPong(count) {
    const [left, right] = [listener(), listener()];
    const play = (): void => {
      for (let sent = 0; sent < count; sent++)
        (sent % 2 === 0 ? left : right).emitter.emit('message', { text: 'message' });
    };
    play();
    const before = left.heard + right.heard;
    return timed(count, play, () => expectCount('messages', left.heard + right.heard - before, count));
  },

  async fanOut(count) {
    const listeners = many(fanOutWidth);
    const rounds = fanOutRounds(count);
    const tell = (): void => {
      for (let round = 0; round < rounds; round++) {
        for (const { emitter } of listeners) emitter.emit('message', { text: 'message' });
      }
    };
    tell();
    return timed(rounds * fanOutWidth, tell, () =>
      expectCount('listeners heard all', listeners.filter(({ heard }) => heard === 2 * rounds).length, fanOutWidth),
    );
  },
};

function many(count: number): Listener[] {
  return Array.from({ length: count }, listener);
}

function listener(): Listener {
  const made: Listener = { emitter: new EventEmitter(), heard: 0 };
  made.emitter.on('message', ({ text }) => {
    if (text.length > 0) made.heard += 1;
  });
  return made;
}
