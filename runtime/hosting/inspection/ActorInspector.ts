/**
 * Tells all that is known of one actor: asks its shard, between two turns of which the question is answered, and adds
 * what only the main thread knows. Of an actor that is gone it tells what was known last.
 */
import type { ActorReport, ReportedBond } from '../../protocol/actorReport.js';
import { type ActorAddress, type ActorInfo, type ActorReference, isActorAddress } from '../../protocol/actors.js';
import { AcademyError } from '../../protocol/errors.js';
import type { NodeId } from '../../protocol/identity.js';
import type { QuarantinedMessage } from '../../protocol/supervision.js';
import type { ActorRecords } from '../records/ActorRecords.js';
import type { ActorRecord } from '../records/ActorRegistry.js';
import { infoOf } from '../records/GoneActors.js';
import type { SupervisedActors } from '../supervision/SupervisedActors.js';
import { type HostBond, type HostReport, referenceText } from './inspectActor.js';
import { nearestActor } from './nearestActor.js';

export interface ActorInspectorParts {
  readonly nodeId: NodeId;
  readonly records: ActorRecords;
  readonly supervised: SupervisedActors;
  /** Where the actor is now that had the address. */
  latest(address: ActorAddress): ActorAddress;
  isReachable(shard: number): boolean;
  /** @returns null when nobody has the address, undefined when the shard does not answer */
  ask(address: ActorAddress): Promise<HostReport | null | undefined>;
  quarantined(): Promise<readonly QuarantinedMessage[]>;
}

/** An actor may move while it is looked for. */
const triesMax = 3;
const addressPattern = /^(\d+)\/(\d+)\/(\d+)$/;
/** The name of a child without one: its parent's, slot and generation. */
const childPattern = /^(.+)#(\d+)\.(\d+)$/;

export class ActorInspector {
  readonly #parts: ActorInspectorParts;

  constructor(parts: ActorInspectorParts) {
    this.#parts = parts;
  }

  /** @throws AcademyError as ActorSystem.inspect() says */
  async inspect(target: ActorReference): Promise<ActorReport> {
    const { records, latest, isReachable, ask, nodeId } = this.#parts;
    if (!isActorAddress(target) && target.node !== undefined && target.node !== nodeId) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${target.name}" lives on another node`);
    }
    for (let tries = 0; tries < triesMax; tries++) {
      const found = isActorAddress(target) ? target : this.#addressOf(target.name);
      if (!found) break;
      const address = latest(found);
      const { shard, slot, generation } = address;
      const record = records.registry.byAddress(shard, slot, generation);
      if (record && !isReachable(shard)) return this.#goneReport(infoOf(record, 'restarting'), record);
      const report = isReachable(shard) ? await ask(address) : null;
      if (report === undefined) throw noAnswer(record?.spec.name ?? referenceText(address), shard);
      if (report) return this.#report(report, record);
    }
    const { failed, stopped } = records;
    const name = referenceText(target);
    const gone = failed.get(name) ?? stopped.get(name);
    if (gone) return this.#goneReport(gone, undefined);
    throw this.#unknown(name);
  }

  #addressOf(name: string): ActorAddress | undefined {
    const record = this.#parts.records.registry.byName(name);
    if (record) return record.address;
    const [, shard, ...place] = addressPattern.exec(name) ?? [];
    if (shard !== undefined) return addressAt(Number(shard), place);
    const [, parent, ...childPlace] = childPattern.exec(name) ?? [];
    // A child lives where its parent does.
    const above = parent === undefined ? undefined : this.#addressOf(parent);
    return above && addressAt(above.shard, childPlace);
  }

  #report({ info, running, ...report }: HostReport, record: ActorRecord | undefined): ActorReport {
    const supervisor = this.#parts.supervised.parentOf(info.name);
    return {
      ...info,
      ...(supervisor === undefined ? {} : { supervisor }),
      module: record?.spec.module || null,
      exportName: record?.spec.exportName ?? null,
      ...report,
      restart: this.#parts.supervised.restartsOf(info.name) ?? report.restart,
      running: {
        ...running,
        watches: running.watches.map((bond) => this.#bond(bond)),
        watchedBy: running.watchedBy.map((bond) => this.#bond(bond)),
      },
    };
  }

  async #goneReport(info: ActorInfo, record: ActorRecord | undefined): Promise<ActorReport> {
    const { supervised, quarantined } = this.#parts;
    const supervisor = supervised.parentOf(info.name);
    return {
      ...info,
      ...(supervisor === undefined ? {} : { supervisor }),
      module: record?.spec.module || null,
      exportName: record?.spec.exportName ?? null,
      parent: null,
      persist: record?.spec.persist ?? 'none',
      restart: supervised.restartsOf(info.name) ?? null,
      quarantine: (await quarantined()).filter(({ name }) => name === info.name),
      running: null,
    };
  }

  #bond({ who, isLink }: HostBond): ReportedBond {
    if (!isActorAddress(who)) return { name: who.name, isLink };
    const { shard, slot, generation } = this.#parts.latest(who);
    // Slot 0 is a host itself, which watches for the main thread.
    if (slot === 0) return { name: 'the node', isLink };
    const record = this.#parts.records.registry.byAddress(shard, slot, generation);
    return { name: record?.spec.name ?? referenceText(who), isLink };
  }

  #unknown(name: string): AcademyError {
    const { records, supervised } = this.#parts;
    if (supervised.has(name)) {
      return new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `"${name}" is no actor but a supervisor`, {
        remedy: 'see it and its children in "academy tree"',
      });
    }
    const known = [...records.failed.list(), ...records.stopped.list()].map((info) => info.name);
    const near = nearestActor(name, records.registry.names()) ?? nearestActor(name, known);
    return new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `there is no actor "${name}" on this node`, {
      remedy: near === undefined ? 'see the names in "academy tree"' : `did you mean ${near}?`,
    });
  }
}

function addressAt(shard: number, [slot, generation]: readonly string[]): ActorAddress {
  return { shard, slot: Number(slot), generation: Number(generation) };
}

function noAnswer(name: string, shard: number): AcademyError {
  return new AcademyError('ERR_ACADEMY_DEADLINE', `"${name}" lives on shard ${shard}, which does not answer`, {
    remedy:
      'an actor there works without a pause; a thread that hangs is ended and replaced, so look again, and see node.log',
  });
}
