/** The same by others: nact starts its actors again, and XState has snapshots, from which its actors can be restored. */
import { createActor, type Snapshot } from 'xstate';
import { expectCount, timed } from '../actors/measure.js';
import { nactOf } from '../actors/peers/nactWorkload.js';
import type { Measured } from '../actors/Workload.js';
import { listenerMachine } from '../actors/xstateWorkload.js';
import type { LoadPackage } from '../peers/Peer.js';
import { fragileChildren } from './academySupervision.js';

/** `reset` is nact's word for a fresh state after a crash; the function of the initial state says that it is up. */
export async function nactRestarts(count: number, load: LoadPackage): Promise<Measured> {
  const nact = await nactOf(load);
  const system = nact.start();
  let up: (name: string) => void = () => {};
  const children = new Map(
    Array.from({ length: fragileChildren }, (_, index) => {
      const name = `fragile-${index}`;
      const crash = (): never => {
        throw new Error('crashed');
      };
      const properties = {
        onCrash: (_message: unknown, _error: unknown, { reset }: { readonly reset: unknown }) => reset,
        initialStateFunc: () => {
          up(name);
          return null;
        },
      };
      return [name, nact.spawn(system, crash, name, properties)];
    }),
  );
  let restarted = 0;
  const run = (crashes: number): Promise<void> =>
    new Promise((resolve) => {
      const last = restarted + crashes;
      let left = crashes;
      const tell = (name: string): void => {
        const child = children.get(name);
        if (!child || left === 0) return;
        left--;
        nact.dispatch(child, { type: 'crash' });
      };
      up = (name) => {
        restarted++;
        if (restarted === last) resolve();
        else tell(name);
      };
      for (const name of children.keys()) tell(name);
    });
  await run(Math.ceil(count / 5));
  const before = restarted;
  return timed(
    count,
    () => run(count),
    () => expectCount('restarts', restarted - before, count),
  );
}

/** Persisted snapshots of listeners that have heard something become actors again; `value` is milliseconds. */
export async function xstateRestore(count: number): Promise<Measured> {
  const snapshots = Array.from({ length: count }, (): Snapshot<unknown> => {
    const actor = createActor(listenerMachine).start();
    actor.send({ type: 'message', text: 'message' });
    const snapshot = structuredClone(actor.getPersistedSnapshot());
    actor.stop();
    return snapshot;
  });
  const restore = () => snapshots.map((snapshot) => createActor(listenerMachine, { snapshot }).start());
  let restored: ReturnType<typeof restore> = [];
  const measured = await timed(
    count,
    () => {
      restored = restore();
    },
    () =>
      expectCount('actors that know', restored.filter((each) => each.getSnapshot().context.heard === 1).length, count),
  );
  return { ...measured, value: measured.seconds * 1_000 };
}
