/** Actors that were given up, for whoever asks why. As many as dead letters are kept. */
import type { ActorInfo } from '../protocol/actors.js';
import type { ErrorRecord } from '../protocol/errors.js';
import { limits } from '../protocol/limits.js';
import type { ActorRecord } from './ActorRegistry.js';

export class FailedActors {
  readonly #infos = new Map<string, ActorInfo>();

  add(info: ActorInfo): void {
    if (this.#infos.size >= limits.deadLettersKept) {
      for (const oldest of this.#infos.keys()) {
        this.#infos.delete(oldest);
        break;
      }
    }
    this.#infos.set(info.name, info);
  }

  /** An actor of this name is started again. */
  forget(name: string): void {
    this.#infos.delete(name);
  }

  list(): readonly ActorInfo[] {
    return [...this.#infos.values()];
  }
}

/** What is left of an actor that went without its shard's saying how. */
export function failedInfo({ spec, address, restarts }: ActorRecord, error: ErrorRecord): ActorInfo {
  return {
    name: spec.name,
    address,
    machine: spec.exportName,
    state: '',
    status: 'failed',
    restarts,
    mailboxDepth: 0,
    messagesHandled: 0,
    lastError: error,
  };
}
