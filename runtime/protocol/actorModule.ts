/** Names the module of an actor so that its types come along, for whoever spawns it on any thread. */
import type { ActorDefinition } from './actors.js';
import type { ContractIn } from './contract.js';

export interface ActorModule<C = unknown> {
  /** URL of the compiled module. */
  readonly module: string;
  readonly exportName: string;
  readonly '~contract'?: C;
}

/** Names of a module's exports that are actors. */
type ActorExport<M> = { [N in keyof M & string]: M[N] extends ActorDefinition ? N : never }[keyof M & string];

/**
 * ```ts
 * const counterModule = actorModule(() => import('./counter.js'), new URL('./counter.js', import.meta.url), 'counter');
 * const counter = await node.spawnActor(counterModule, { name: 'counter', options: { start: 5 } });
 * const count: number = await counter.ask('count', null, { deadlineMs: 1_000 });
 * ```
 * @param load says which module it is, to the compiler; it is never called, since the actor's own thread loads it
 * @param exportName @default 'default'
 */
export function actorModule<M extends { readonly default: ActorDefinition }>(
  load: () => Promise<M>,
  url: URL,
): ActorModule<ContractIn<M['default']>>;
export function actorModule<M extends object, N extends ActorExport<M>>(
  load: () => Promise<M>,
  url: URL,
  exportName: N,
): ActorModule<ContractIn<M[N]>>;
export function actorModule(_load: () => Promise<object>, url: URL, exportName = 'default'): ActorModule {
  return { module: url.href, exportName };
}
