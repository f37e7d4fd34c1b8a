/**
 * What becomes of the actors of a node, as its shards tell the main thread: their starts, restarts and ends, and the
 * deaths of threads. Who waits for any of it is told here, names become known and free again, and what a supervisor of
 * the main thread must hear goes on to it.
 */
import type { ActorAddress, ActorInfo, ActorSpec, RestartOptions } from '../../protocol/actors.js';
import { AcademyError, type ErrorRecord, fromErrorRecord, toErrorRecord } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { PersistKind } from '../../protocol/persistence.js';
import type { ActorSystemEvents } from '../ActorSystemOptions.js';
import type { NoticeFrame, OrderFrame, SeatSupervision } from '../frames.js';
import type { ActorMoves } from '../moving/ActorMoves.js';
import type { ActorArchive } from '../persistence/ActorArchive.js';
import type { SupervisedActors } from '../supervision/SupervisedActors.js';
import { type ActorRecord, ActorRegistry } from './ActorRegistry.js';
import { failedInfo, GoneActors } from './GoneActors.js';

export interface ActorRecordsParts {
  readonly shards: number;
  readonly archive: ActorArchive;
  readonly moves: () => ActorMoves;
  readonly supervised: () => SupervisedActors;
  readonly order: (shard: number, frame: OrderFrame) => void;
  /** All shards but one. */
  readonly tellOthers: (but: number, frame: OrderFrame) => void;
  readonly announce: <N extends keyof ActorSystemEvents>(event: N, detail: ActorSystemEvents[N][0]) => void;
}

export class ActorRecords {
  readonly registry: ActorRegistry;
  /** Actors that were given up, for whoever asks why. */
  readonly failed = new GoneActors(limits.deadLettersKept);
  /** Actors that have ended as they should. */
  readonly stopped = new GoneActors(limits.stoppedActorsKept);
  readonly #parts: ActorRecordsParts;

  constructor(parts: ActorRecordsParts) {
    this.#parts = parts;
    this.registry = new ActorRegistry(parts.shards);
  }

  /** @throws AcademyError as ActorRegistry.add() does */
  add(spec: ActorSpec, shard: number, supervised: SeatSupervision | null = null): ActorRecord {
    const record = this.registry.add(spec, shard, this.#parts.archive.idOf(spec.name), supervised);
    this.failed.forget(spec.name);
    this.stopped.forget(spec.name);
    return record;
  }

  /**
   * Actors that an earlier life of the node has left get their places; those of supervisors wait for theirs, and those
   * of the program, which have no module, until it spawns them again.
   * @param shardFor where an actor is to live that nobody has chosen a shard for
   */
  addStored(shardFor: (spec: ActorSpec) => number): ActorRecord[] {
    const own = this.#parts.archive.stored().filter(({ isSupervised, spec }) => !isSupervised && spec.module !== '');
    return own.map(({ id, spec }) => {
      const record = this.registry.add(spec, shardFor(spec), id);
      record.isUnclaimed = true;
      return record;
    });
  }

  /** An actor that was kept from an earlier life of the node is whoever's that spawns it first. */
  claim({ name, module, exportName }: ActorSpec): ActorRecord | null {
    const kept = this.registry.byName(name);
    if (!kept?.isUnclaimed || kept.spec.module !== module || kept.spec.exportName !== exportName) return null;
    kept.isUnclaimed = false;
    return kept;
  }

  /** The name is known to nobody any more, and whoever waits for the actor's end need not wait longer. */
  forget(record: ActorRecord): void {
    this.registry.remove(record);
    this.#parts.tellOthers(-1, ['unnamed', record.spec.name, record.address]);
    record.onReload?.({ how: 'unchanged', reason: 'it has ended' });
    this.#parts.moves().ended(record);
    for (const ended of record.onEnd) ended();
  }

  /** It is given up, for a reason that its shard has not told. */
  giveUp(record: ActorRecord, error: ErrorRecord): void {
    this.#failedFor(record, failedInfo(record, error));
    this.forget(record);
  }

  /** A notice of a shard. @returns false when it is about something else */
  receive(frame: NoticeFrame, shard: number): boolean {
    switch (frame[0]) {
      case 'resolve':
        this.#resolveFor(frame[1], shard);
        return true;
      case 'started':
      case 'refused':
      case 'reloaded':
      case 'restarted':
      case 'ended':
      case 'fell':
      case 'held':
      case 'fetch': {
        const record = this.registry.byAddress(shard, frame[1], frame[2]);
        if (record) this.#hear(record, frame);
        return true;
      }
      default:
        return false;
    }
  }

  /** The thread of a shard has died. @param isReplaced false: the shard is given up */
  shardDown(shard: number, cause: string, isReplaced: boolean): void {
    const { announce, supervised } = this.#parts;
    const error: ErrorRecord = { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: `shard ${shard} went down: ${cause}` };
    const records = this.registry.ofShard(shard);
    announce('shard-down', { shard, cause, actors: records.length, isReplaced });
    const judged = records.filter((record) => record.supervised && record.starting === null);
    for (const record of records) {
      if (record.supervised && !record.starting) continue;
      if (record.starting) {
        // It may be what has killed the thread.
        const message = `"${record.spec.name}" was not started: ${error.message}`;
        this.#refuse(record, new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', message));
      } else if (record.onEnd.length > 0) {
        this.forget(record);
      } else if (!isReplaced || record.kind === 'temporary') {
        this.giveUp(record, error);
      } else {
        record.onReload?.({ how: 'afresh', reason: error.message });
        record.restarts++;
      }
    }
    supervised().shardDown(shard, judged, error, isReplaced);
  }

  #hear(record: ActorRecord, frame: NoticeFrame): void {
    const { announce, archive, supervised } = this.#parts;
    const { name } = record.spec;
    switch (frame[0]) {
      case 'started':
        return this.#started(record, frame[3], frame[4]);
      case 'refused':
        return this.#refuse(record, fromErrorRecord(frame[3], 'ERR_ACADEMY_ACTOR_MODULE'));
      case 'reloaded':
        record.onReload?.(frame[3]);
        return;
      case 'restarted':
        record.restarts = frame[3];
        announce('actor-restarted', { ...subject(record), restarts: frame[3], error: frame[4] });
        if (record.supervised) supervised().restarted(name);
        return;
      case 'ended':
        return this.#ended(record, frame[3]);
      case 'fell':
        return supervised().fell(name, frame[3]);
      case 'held':
        return supervised().held(name);
      case 'fetch':
        archive.fetch(record.address.shard, frame[1], frame[2], record.id);
    }
  }

  #started(record: ActorRecord, kind: RestartOptions['kind'], persist: PersistKind): void {
    record.kind = kind;
    const { starting, id, spec, address, supervised } = record;
    record.starting = null;
    if (!starting) return;
    const { tellOthers, archive } = this.#parts;
    tellOthers(address.shard, ['named', spec.name, address]);
    // One that persists is spawned when it will be there again.
    archive.began(id, persist, spec, supervised !== null).then(starting.resolve, starting.reject);
  }

  #refuse(record: ActorRecord, error: AcademyError): void {
    const { starting } = record;
    record.starting = null;
    record.refusal = error;
    // Its spawner is told; who looks at the tree later sees it there.
    if (record.supervised) this.#remember(record, failedInfo(record, toErrorRecord(error, 'ERR_ACADEMY_ACTOR_MODULE')));
    this.forget(record);
    starting?.reject(error);
  }

  #ended(record: ActorRecord, info: ActorInfo): void {
    const { archive, supervised } = this.#parts;
    if (info.status === 'failed') this.#failedFor(record, info);
    else {
      archive.ended(record.id);
      this.stopped.add(info);
    }
    this.forget(record);
    record.starting?.reject(new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `"${info.name}" was stopped as it started`));
    if (record.supervised) supervised().ended(info.name);
  }

  #failedFor(record: ActorRecord, info: ActorInfo): void {
    this.#remember(record, info);
    this.#parts.announce('actor-failed', { ...subject(record), error: info.lastError ?? null });
  }

  #remember(record: ActorRecord, info: ActorInfo): void {
    // A child that was added to its supervisor is unknown to it by now.
    const supervisor = this.#parts.supervised().parentOf(info.name) ?? record.spec.supervisor;
    this.failed.add(supervisor === undefined ? info : { ...info, supervisor });
  }

  /** A name that is about to be given is waited for. */
  #resolveFor(name: string, shard: number): void {
    const { order } = this.#parts;
    const record = this.registry.byName(name);
    if (record?.starting) {
      void record.started.then(
        () => order(shard, ['resolved', name, record.address]),
        () => order(shard, ['resolved', name, null]),
      );
    } else {
      order(shard, ['resolved', name, record?.address ?? null]);
    }
  }
}

function subject(record: ActorRecord): { name: string; address: ActorAddress } {
  return { name: record.spec.name, address: record.address };
}
