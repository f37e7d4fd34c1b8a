/** The talk of the project's actors, wherever they live: a game between two, and speeches to a thousand. */
import type { ActorAddress } from '../../runtime/protocol/actors.js';
import type { ActorWorld } from './ActorWorld.js';
import { expectCount, timed } from './measure.js';
import { fanOutRounds, fanOutWidth, type Measured } from './Workload.js';

/** Fan-outs under way: few enough that no mailbox of 10,000 messages fills up. */
const speechesUnderWay = 64;

/** The one that serves answers when it has had the ball for the last time; both know how often they had it. */
export async function pingPong(
  world: ActorWorld,
  [left, right]: readonly [ActorAddress, ActorAddress],
  count: number,
): Promise<Measured> {
  const strokes = Math.ceil(count / 2);
  const play = () => world.ask(left, { type: 'serve', data: { to: right, count: strokes } });
  const hits = async (): Promise<number> => {
    const both = await Promise.all([left, right].map((each) => world.ask(each, { type: 'hits', data: null })));
    return (both as number[]).reduce((sum, each) => sum + each, 0);
  };
  await play();
  const before = await hits();
  return timed(2 * strokes, play, async () => expectCount('messages', (await hits()) - before, 2 * strokes));
}

export interface Audience {
  readonly speaker: ActorAddress;
  /** Is told by each listener when it has heard all. */
  readonly umpire: ActorAddress;
  readonly listeners: readonly ActorAddress[];
}

/** A speech is one message to the speaker, and one effect of it; what is counted is what the listeners hear. */
export async function fanOut(world: ActorWorld, audience: Audience, count: number): Promise<Measured> {
  const { speaker, umpire, listeners } = audience;
  const rounds = fanOutRounds(count);
  const speak = (type: 'message' | 'mark', data: unknown): void =>
    world.tell(speaker, { type: 'speak', data: { to: listeners, type, data } });
  const tell = async (): Promise<void> => {
    for (let told = 0; told < rounds; ) {
      const speeches = Math.min(speechesUnderWay, rounds - told);
      told += speeches;
      const done = world.ask(umpire, { type: 'await', data: { count: fanOutWidth } });
      for (let speech = 0; speech < speeches; speech++) speak('message', { text: 'message' });
      speak('mark', { umpire });
      await done;
    }
  };
  await tell();
  return timed(rounds * fanOutWidth, tell, async () => {
    const counts = await Promise.all(listeners.map((each) => world.ask(each, { type: 'heard', data: null })));
    return expectCount('listeners heard all', counts.filter((each) => each === 2 * rounds).length, fanOutWidth);
  });
}
