/**
 * Watches the files of participants while one develops them: when one of them is saved, the participant's module is
 * loaded again, first here, where a mistake harms nobody, then on the thread where the participant lives.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ActorSystem } from '../runtime/hosting/ActorSystem.js';
import { freshModule, importFresh } from '../runtime/hosting/modules/importFresh.js';
import type { ActorModule } from '../runtime/protocol/actorModule.js';
import { actorNames } from '../runtime/protocol/actorNames.js';
import type { Clock, TimerHandle } from '../runtime/protocol/Clock.js';
import { toErrorRecord } from '../runtime/protocol/errors.js';
import { loadParticipantModule } from './loadParticipantModule.js';

/** How a participant goes on after its module has changed. */
export interface ReloadReport {
  readonly participantId: string;
  readonly file: string;
  /** In its state, afresh because that does not fit any more, or with the old module because the new one is faulty. */
  readonly how: 'kept' | 'afresh' | 'unchanged';
  /** Why it is not in its state. */
  readonly reason: string | null;
  readonly remedy?: string;
}

export interface ModuleWatchOptions {
  readonly actors: Pick<ActorSystem, 'reload'>;
  readonly clock: Clock;
  readonly onReload: (report: ReloadReport) => void;
}

interface Watched {
  readonly participantId: string;
  /** As it was named, without a version. */
  readonly source: ActorModule;
  /** What its module consists of. */
  files: ReadonlySet<string>;
  timer: TimerHandle | null;
}

/** An editor that saves a file touches it more than once. */
const settleMs = 50;

export class ModuleWatch {
  readonly #options: ModuleWatchOptions;
  readonly #watched: Watched[] = [];
  readonly #folders = new Map<string, FSWatcher>();
  /** Reloads one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  #version = 0;
  readonly #prepared = new Map<string, ActorModule>();

  constructor(options: ModuleWatchOptions) {
    this.#options = options;
  }

  /** Names the module that the next fresh() will give, so that it may be loaded ahead of its participant. */
  prepare(asked: ActorModule): ActorModule {
    const fresh = this.fresh(asked);
    this.#prepared.set(keyOf(asked), fresh);
    return fresh;
  }

  /** The module under a name that no participant was started by. */
  fresh({ module, exportName }: ActorModule): ActorModule {
    const key = keyOf({ module, exportName });
    const prepared = this.#prepared.get(key);
    this.#prepared.delete(key);
    if (prepared) return prepared;
    return { module: freshModule(module, ++this.#version), exportName };
  }

  /** @param loaded what fresh() gave and the participant runs now */
  async add(participantId: string, source: ActorModule, loaded: ActorModule): Promise<void> {
    const { files } = await importFresh(loaded.module);
    const watched: Watched = { participantId, source, files: new Set(files), timer: null };
    this.#watched.push(watched);
    for (const file of files) this.#watchFolder(dirname(file));
  }

  async close(): Promise<void> {
    for (const folder of this.#folders.values()) folder.close();
    for (const { timer } of this.#watched) this.#options.clock.clearTimeout(timer);
    this.#watched.length = 0;
    await this.#work;
  }

  /** Folders and not files: an editor may put a new file in the place of the old one. */
  #watchFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    const watcher = watch(folder, { persistent: false }, (_event, name) => this.#changed(folder, name));
    // A folder that is gone is not watched any longer; its participant runs on.
    watcher.on('error', () => watcher.close());
    this.#folders.set(folder, watcher);
  }

  #changed(folder: string, name: string | null): void {
    const { clock } = this.#options;
    for (const watched of this.#watched) {
      const concerns = [...watched.files].some(
        (file) => dirname(file) === folder && (name === null || basename(file) === name),
      );
      if (!concerns) continue;
      clock.clearTimeout(watched.timer);
      watched.timer = clock.setTimeout(() => {
        this.#work = this.#work.then(() => this.#reload(watched));
      }, settleMs);
    }
  }

  async #reload(watched: Watched): Promise<void> {
    if (!this.#watched.includes(watched)) return;
    const { participantId, source } = watched;
    const { actors, onReload } = this.#options;
    const report = { participantId, file: fileURLToPath(source.module) };
    const loaded = this.fresh(source);
    try {
      const { module, exportName } = await loadParticipantModule(loaded);
      const { files } = await importFresh(module);
      watched.files = new Set(files);
      for (const file of files) this.#watchFolder(dirname(file));
      onReload({ ...report, ...(await actors.reload(actorNames.participant(participantId), { module, exportName })) });
    } catch (fault) {
      const { message, remedy } = toErrorRecord(fault, 'ERR_ACADEMY_ACTOR_MODULE');
      onReload({ ...report, how: 'unchanged', reason: message, ...(remedy ? { remedy } : {}) });
    }
  }
}

function keyOf({ module, exportName }: ActorModule): string {
  return `${module}#${exportName}`;
}
