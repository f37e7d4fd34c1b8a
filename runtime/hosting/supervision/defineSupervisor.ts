/**
 * The door for authors of supervision trees.
 *
 * ```ts
 * export const shop = defineSupervisor({
 *   strategy: 'rest-for-one',
 *   intensity: 3,
 *   withinMs: 5_000,
 *   children: [
 *     { name: 'stock', module, exportName: 'stock', restart: { kind: 'permanent' } },
 *     { name: 'till', module, exportName: 'till', shard: 2 },
 *     { name: 'customers', supervisor: defineSupervisor({ strategy: 'dynamic' }) },
 *   ],
 * });
 * await system.spawnSupervisor({ name: 'shop', supervisor: shop });
 * ```
 */
import { AcademyError } from '../../protocol/errors.js';
import {
  isSupervisor,
  type SupervisedActor,
  type SupervisedSupervisor,
  type SupervisorDefinition,
  type SupervisorOptions,
} from '../../protocol/supervision.js';
import { assertActorOptions } from '../defineActor.js';
import { assertDirectives } from './directiveFor.js';

const strategies = ['one-for-one', 'one-for-all', 'rest-for-one', 'dynamic'] as const;

const defaultSupervisor: SupervisorOptions = {
  strategy: 'one-for-one',
  intensity: 5,
  withinMs: 10_000,
  backoffMs: 20,
  backoffMaxMs: 2_000,
};

export interface DefineSupervisorOptions extends Partial<SupervisorOptions> {
  /** None for most dynamic supervisors, whose children are added while they run. @default none */
  readonly children?: readonly (SupervisedActor | SupervisedSupervisor)[];
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT that names the option, ERR_ACADEMY_NAME_TAKEN for a name given twice */
export function defineSupervisor(options: DefineSupervisorOptions): SupervisorDefinition {
  const { children = [], ...rest } = options;
  const definition: SupervisorDefinition = { kind: 'academy-supervisor', ...defaultSupervisor, ...rest, children };
  if (!strategies.includes(definition.strategy)) refuse('strategy', `it must be one of ${strategies.join(', ')}`);
  for (const name of ['intensity', 'withinMs', 'backoffMs', 'backoffMaxMs', 'quietMs'] as const) {
    const value = definition[name];
    if (value !== undefined && !(value >= 0)) refuse(name, 'it must be a number from 0');
  }
  assertDirectives(definition.onError);
  const names = new Set<string>();
  for (const child of children) assertChild(child, names);
  return definition;
}

function assertChild(child: SupervisedActor | SupervisedSupervisor, names: Set<string>): void {
  if (typeof child.name !== 'string' || child.name === '') refuse('children', 'each needs a name');
  if (names.has(child.name)) {
    throw new AcademyError('ERR_ACADEMY_NAME_TAKEN', `two children are called "${child.name}"`, {
      remedy: 'give each child a name of its own, in the whole tree',
    });
  }
  names.add(child.name);
  if (isSupervisor(child)) {
    for (const grandchild of child.supervisor.children) assertChild(grandchild, names);
    return;
  }
  assertActorOptions(child);
  const { shutdownMs, beyond } = child;
  if (shutdownMs !== undefined && !(shutdownMs >= 0)) refuse(`${child.name}.shutdownMs`, 'it must be a number from 0');
  if (beyond !== undefined && beyond !== 'stop' && beyond !== 'escalate') {
    refuse(`${child.name}.beyond`, "it must be 'stop' or 'escalate'");
  }
}

function refuse(option: string, why: string): never {
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${option}: ${why}`);
}
