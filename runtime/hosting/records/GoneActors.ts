/** Actors that are gone, for whoever asks what became of them: the latest, by name. */
import type { ActorInfo } from '../../protocol/actors.js';
import type { ErrorRecord } from '../../protocol/errors.js';
import type { ActorRecord } from './ActorRegistry.js';

export class GoneActors {
  readonly #max: number;
  readonly #infos = new Map<string, ActorInfo>();

  constructor(max: number) {
    this.#max = max;
  }

  add(info: ActorInfo): void {
    // The latest comes last, also when it was known before.
    this.#infos.delete(info.name);
    if (this.#infos.size >= this.#max) {
      for (const oldest of this.#infos.keys()) {
        this.#infos.delete(oldest);
        break;
      }
    }
    this.#infos.set(info.name, info);
  }

  get(name: string): ActorInfo | undefined {
    return this.#infos.get(name);
  }

  /** An actor of this name is started again, or nobody is to be told of it any more. */
  forget(name: string): void {
    this.#infos.delete(name);
  }

  list(): readonly ActorInfo[] {
    return [...this.#infos.values()];
  }
}

/** What is known of an actor without its shard. */
export function infoOf({ spec, address, restarts }: ActorRecord, status: ActorInfo['status']): ActorInfo {
  return {
    name: spec.name,
    address,
    machine: spec.exportName,
    state: '',
    status,
    restarts,
    mailboxDepth: 0,
    messagesHandled: 0,
  };
}

/** What is left of an actor that went without its shard's saying how. */
export function failedInfo(record: ActorRecord, error: ErrorRecord): ActorInfo {
  return { ...infoOf(record, 'failed'), lastError: error };
}
