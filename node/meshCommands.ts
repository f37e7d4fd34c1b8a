/** The commands that members of the academy may run on each other without being allowed by name. */

import type { ActorSystem } from '../runtime/hosting/ActorSystem.js';
import type { CommandRegistry } from '../runtime/mesh/CommandRegistry.js';
import { actorNames } from '../runtime/protocol/actorNames.js';
import { limits } from '../runtime/protocol/limits.js';
import { Fields, Id } from '../runtime/protocol/schemas/shapes.js';
import Type from '../runtime/protocol/typebox.js';
import type { RoomLogStore } from '../runtime/storage/RoomLogStore.js';

const genomeDeadlineMs = 10_000;

export function registerMeshCommands(registry: CommandRegistry, actors: ActorSystem, store: RoomLogStore): void {
  registry.register('echo', { allow: 'members', repeatable: true }, (payload) => payload);

  registry.register(
    'room-entries',
    {
      allow: 'members',
      repeatable: true,
      schema: Fields({
        roomId: Id,
        versions: Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
        limit: Type.Integer({ minimum: 1, maximum: limits.repairEntriesMax }),
      }),
    },
    (payload) => {
      const { roomId, versions, limit } = payload as {
        roomId: string;
        versions: Record<string, number>;
        limit: number;
      };
      return store.after(roomId, versions, limit);
    },
  );

  registry.register(
    'genome-fetch',
    { allow: 'members', repeatable: true, schema: Fields({ genomeId: Id }) },
    (payload) =>
      actors.ask(
        { name: actorNames.genomeManager },
        { type: 'genome.files', data: payload },
        { deadlineMs: genomeDeadlineMs },
      ),
  );
}
