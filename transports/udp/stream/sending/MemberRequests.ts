/**
 * What receivers ask of a publisher and tell it. Each datagram is checked here, its member found, and then it moves the
 * member on, is answered with repairs, or is handed to admission. A member that leaves or falls silent holds nobody up.
 */
import { EventEmitter } from 'eventemitter3';
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import type { StreamAddress } from '../../../../runtime/protocol/streams.js';
import type { StreamSeal } from '../StreamSeal.js';
import { controlBytes, datagramKinds, readU48, receiverIdOf } from '../streamDatagrams.js';
import type { OutgoingCounters } from './outgoingCounters.js';
import type { RepairServer } from './RepairServer.js';
import type { SendCredit } from './SendCredit.js';
import { type StreamAdmission, windowSlotsAt } from './StreamAdmission.js';
import type { StreamAnnouncer } from './StreamAnnouncer.js';
import type { StreamMember, StreamMembers } from './StreamMembers.js';
import type { TermRing } from './TermRing.js';

export interface MemberEvents {
  joined: [member: { readonly receiverId: string; readonly address: StreamAddress }];
  left: [member: { readonly receiverId: string; readonly reason: 'left' | 'silent' }];
}

export interface MemberRequestsParts {
  readonly ring: TermRing;
  readonly seal: StreamSeal;
  readonly members: StreamMembers;
  readonly admission: StreamAdmission;
  readonly announcer: StreamAnnouncer;
  readonly repairs: RepairServer;
  readonly credit: SendCredit;
  readonly counters: OutgoingCounters;
  readonly clock: Clock;
}

export class MemberRequests {
  readonly events = new EventEmitter<MemberEvents>();
  readonly #parts: MemberRequestsParts;

  constructor(parts: MemberRequestsParts) {
    this.#parts = parts;
  }

  /** @param datagram of this session */
  receive(datagram: Buffer, from: StreamAddress): void {
    if (!this.#parts.seal.isControl(datagram)) return this.#isBad();
    const kind = datagram[3];
    if (kind === datagramKinds.solicit && datagram.length === controlBytes.solicit) this.#parts.announcer.solicited();
    else if (kind === datagramKinds.join && datagram.length === controlBytes.join) this.#join(datagram, from);
    else this.#receiveFromMember(datagram, from);
  }

  /** Evicts who was not heard for so long. @param stoodStill this process has, and so has heard nobody */
  evictSilent(nowMs: number, silenceMs: number, stoodStill: boolean): void {
    const { members } = this.#parts;
    if (stoodStill) for (const member of members.all()) member.lastHeardMs = nowMs;
    for (const member of members.silent(nowMs, silenceMs)) this.#drop(member, 'silent');
  }

  #receiveFromMember(datagram: Buffer, from: StreamAddress): void {
    if (datagram.length < controlBytes.leave) return this.#isBad();
    const kind = datagram[3];
    const member = this.#parts.members.get(receiverIdOf(datagram));
    // It was evicted, or speaks of an earlier membership: it has to join again.
    if (member?.token !== datagram.readUInt32BE(20)) return this.#parts.admission.refuse(datagram, from);
    if (kind === datagramKinds.status && datagram.length === controlBytes.status) this.#status(datagram, member, from);
    else if (kind === datagramKinds.nak) this.#repair(datagram, member);
    else if (kind === datagramKinds.leave && datagram.length === controlBytes.leave) this.#drop(member, 'left');
    else this.#isBad();
  }

  #join(datagram: Buffer, from: StreamAddress): void {
    const { ring, members, admission } = this.#parts;
    const known = members.get(receiverIdOf(datagram));
    // What it needs next is overwritten: it goes on further ahead, as who joins anew.
    if (known && known.position < ring.oldest) this.#drop(known, 'silent');
    admission.join(datagram, from);
  }

  #status(datagram: Buffer, member: StreamMember, from: StreamAddress): void {
    if (!isNewer(datagram, member)) return;
    const { ring, members, admission, credit, counters, clock } = this.#parts;
    const isNew = !member.isConfirmed;
    // Nobody has what was not sent yet.
    const position = Math.min(readU48(datagram, 28), ring.sent);
    if (isNew && Math.max(position, member.position) < ring.oldest) {
      members.remove(member.receiverId);
      admission.refuse(datagram, from);
      return;
    }
    members.reached(member, position, windowSlotsAt(datagram, 34), clock.monotonicMs());
    if (isNew) {
      counters.membersJoined += 1;
      this.events.emit('joined', { receiverId: member.receiverId, address: member.address });
    }
    credit.roomChanged();
  }

  #repair(datagram: Buffer, member: StreamMember): void {
    const { repairs, clock } = this.#parts;
    if (!repairs.isSound(datagram)) return this.#isBad();
    if (!isNewer(datagram, member)) return;
    member.lastHeardMs = clock.monotonicMs();
    repairs.serve(datagram, member, member.lastHeardMs);
  }

  #drop(member: StreamMember, reason: 'left' | 'silent'): void {
    const { members, credit, counters } = this.#parts;
    members.remove(member.receiverId);
    if (member.isConfirmed) {
      counters[reason === 'left' ? 'membersLeft' : 'membersEvicted'] += 1;
      this.events.emit('left', { receiverId: member.receiverId, reason });
    }
    credit.roomChanged();
  }

  #isBad(): void {
    this.#parts.counters.badControl += 1;
  }
}

function isNewer(datagram: Buffer, member: StreamMember): boolean {
  const count = datagram.readUInt32BE(24);
  if (count <= member.count) return false;
  member.count = count;
  return true;
}
