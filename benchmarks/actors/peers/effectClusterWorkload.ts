/**
 * Effect's cluster: an entity of its in-memory runner, which has what the others' actors lack: an address that holds on
 * any machine, a mailbox of its own and schemas for messages. An entity starts with the first message to it.
 */
import type { LoadPackage } from '../../peers/Peer.js';
import { expectCount, slopeOfMemory, timed } from '../measure.js';
import { fanOutRounds, fanOutWidth, type Measured, type Workload } from '../Workload.js';

/** An effect, a layer or a schema, which only the library looks into. */
interface Description {
  pipe(...steps: readonly ((given: Description) => Description)[]): Description;
}
type Handlers = Readonly<Record<string, (request: { readonly payload: never }) => Description>>;
type Client = (
  id: string,
) => Readonly<Record<string, (payload?: unknown, options?: { readonly discard: boolean }) => Description>>;
interface EntityDefinition {
  readonly client: Description;
  of(handlers: Handlers): Handlers;
  toLayer(build: Description, options: { readonly maxIdleTime: string }): Description;
}
interface EffectLibrary {
  readonly Effect: {
    flatMap(effect: Description, next: (value: never) => Description): Description;
    map(effect: Description, next: (value: never) => unknown): Description;
    sync(compute: () => unknown): Description;
    promise(start: () => Promise<unknown>): Description;
    provide(layer: Description): (effect: Description) => Description;
    scoped(effect: Description): Description;
    forEach(
      items: readonly unknown[],
      each: (item: never) => Description,
      options: { readonly concurrency: number },
    ): Description;
    runPromise(effect: Description): Promise<unknown>;
  };
  readonly Layer: { provideMerge(layer: Description): (given: Description) => Description };
  readonly Schema: { readonly String: Description; readonly Number: Description };
}
interface ClusterLibrary {
  readonly Entity: { make(type: string, messages: readonly unknown[]): EntityDefinition };
  readonly TestRunner: { readonly layer: Description };
}
interface RpcLibrary {
  readonly Rpc: { make(name: string, shape: object): unknown };
}

/** Requests under way: more gain nothing. */
const underWay = 100;
/** Longer than any round. */
const maxIdleTime = '1 hour';

export async function effectClusterWorkload(load: LoadPackage): Promise<Workload> {
  const { Effect, Layer, Schema } = await load<EffectLibrary>('effect');
  const { Entity, TestRunner } = await load<ClusterLibrary>('effect/cluster');
  const { Rpc } = await load<RpcLibrary>('effect/rpc');
  let over: () => void = () => {};

  const listener = Entity.make('Listener', [
    Rpc.make('Message', { payload: { text: Schema.String } }),
    Rpc.make('Heard', { success: Schema.Number }),
  ]);
  const listenerLayer = listener.toLayer(
    Effect.sync(() => {
      let heard = 0;
      return listener.of({
        Message: ({ payload }: { readonly payload: { readonly text: string } }) =>
          Effect.sync(() => {
            if (payload.text.length > 0) heard += 1;
          }),
        Heard: () => Effect.sync(() => heard),
      });
    }),
    { maxIdleTime },
  );
  const player = Entity.make('Player', [
    Rpc.make('Ball', { payload: { me: Schema.String, to: Schema.String, left: Schema.Number } }),
  ]);
  const playerLayer = player.toLayer(
    Effect.map(player.client, (clientOf: Client) =>
      player.of({
        Ball: ({ payload: { me, to, left } }: { readonly payload: { me: string; to: string; left: number } }) =>
          left > 0 ? send(clientOf(to), 'Ball', { me: to, to: me, left: left - 1 }) : Effect.sync(() => over()),
      }),
    ),
    { maxIdleTime },
  );

  function send(client: ReturnType<Client>, type: string, payload: unknown): Description {
    return request(client, type, payload, { discard: true });
  }
  function request(
    client: ReturnType<Client>,
    type: string,
    payload?: unknown,
    options?: { readonly discard: boolean },
  ): Description {
    const method = client[type];
    if (!method) throw new Error(`the entity has no "${type}"`);
    return method(payload, options);
  }
  const run = (layer: Description, entity: EntityDefinition, work: (client: Client) => Promise<Measured>) =>
    Effect.runPromise(
      Effect.flatMap(entity.client, (client: Client) => Effect.promise(() => work(client))).pipe(
        Effect.provide(layer.pipe(Layer.provideMerge(TestRunner.layer))),
        Effect.scoped,
      ),
    ) as Promise<Measured>;
  const forEach = (ids: readonly string[], each: (id: string) => Description): Promise<unknown[]> =>
    Effect.runPromise(Effect.forEach(ids, each, { concurrency: underWay })) as Promise<unknown[]>;
  const counts = (client: Client, ids: readonly string[]): Promise<unknown[]> =>
    forEach(ids, (id) => request(client(id), 'Heard'));
  let named = 0;
  const idsOf = (count: number): string[] => Array.from({ length: count }, () => `listener-${named++}`);

  return {
    spawn: (count) =>
      run(listenerLayer, listener, async (client) => {
        await counts(client, idsOf(Math.ceil(count / 5)));
        let answers: unknown[] = [];
        return timed(
          count,
          async () => {
            answers = await counts(client, idsOf(count));
          },
          () => expectCount('entities', answers.filter((each) => each === 0).length, count),
        );
      }),

    idle: (count) =>
      run(listenerLayer, listener, (client) =>
        slopeOfMemory(
          count,
          async (more) => {
            const ids = idsOf(more);
            await counts(client, ids);
            return ids;
          },
          async (all) => expectCount('entities', (await counts(client, all)).length, all.length),
        ),
      ),

    pingPong: (count) =>
      run(playerLayer, player, async (client) => {
        let returned = 0;
        const game = (): Promise<void> =>
          new Promise((resolve, reject) => {
            over = () => {
              returned += count;
              resolve();
            };
            const ball = { me: 'left', to: 'right', left: count - 1 };
            Effect.runPromise(send(client('left'), 'Ball', ball)).catch(reject);
          });
        await game();
        const before = returned;
        // The ball counts down what is left, so that it is over only when all strokes were made.
        return timed(count, game, () => expectCount('messages', returned - before, count));
      }),

    fanOut: (count) =>
      run(listenerLayer, listener, async (client) => {
        const ids = idsOf(fanOutWidth);
        await counts(client, ids);
        const rounds = fanOutRounds(count);
        let heard: unknown[] = [];
        const tell = async (): Promise<void> => {
          for (let round = 0; round < rounds; round++) {
            await forEach(ids, (id) => send(client(id), 'Message', { text: 'message' }));
          }
          heard = await counts(client, ids);
        };
        await tell();
        return timed(rounds * fanOutWidth, tell, () =>
          expectCount('entities heard all', heard.filter((each) => each === 2 * rounds).length, fanOutWidth),
        );
      }),
  };
}
