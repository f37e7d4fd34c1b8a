/**
 * What a publisher tells the whole group of its stream: whose it is (setup), how far it has come (heartbeat), and where
 * it ends. Setups come once a second and to who asks; heartbeats follow data closely, and then ever less often.
 */
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import type { NodeIdentity } from '../../../../runtime/protocol/identity.js';
import { publicKeyBytes } from '../../../../runtime/protocol/identity.js';
import { type StreamClass, streamClasses } from '../../../../runtime/protocol/streams.js';
import { StreamTimer } from '../StreamTimer.js';
import { controlBytes, datagramKinds, setupFlags, writeU48 } from '../streamDatagrams.js';
import type { PublisherVoice } from './PublisherVoice.js';
import type { StreamMembers } from './StreamMembers.js';
import type { TermRing } from './TermRing.js';

const firstHeartbeatMs = 10;
const heartbeatMsMax = 500;
const setupEveryMs = 1_000;
/** Setups that may be asked for in a second; more come from somebody who does not listen. */
const setupsPerSecondMax = 20;
const setupTagAt = 76;

export interface StreamAnnouncerParts {
  readonly identity: NodeIdentity;
  readonly streamClass: StreamClass;
  readonly layoutHash: number;
  readonly isProven: boolean;
  readonly ring: TermRing;
  readonly members: StreamMembers;
  readonly voice: PublisherVoice;
  readonly clock: Clock;
  /** Before each heartbeat: who is gone is to be in it no more. */
  readonly beforeHeartbeat: (nowMs: number, stoodStill: boolean) => void;
}

export class StreamAnnouncer {
  readonly #parts: StreamAnnouncerParts;
  readonly #timer: StreamTimer;
  #heartbeatMs = firstHeartbeatMs;
  #nextSetupMs = 0;
  #setupsLeft = setupsPerSecondMax;
  #setupsRefilledMs: number;

  constructor(parts: StreamAnnouncerParts) {
    this.#parts = parts;
    this.#setupsRefilledMs = parts.clock.monotonicMs();
    this.#timer = new StreamTimer(parts.clock, (nowMs, stoodStill) => this.#onTimer(nowMs, stoodStill));
  }

  start(): void {
    this.#sendSetup();
    this.#timer.set(firstHeartbeatMs);
  }

  /** Data has left: those who miss the last of it learn so from a heartbeat soon. */
  dataSent(): void {
    if (this.#heartbeatMs <= firstHeartbeatMs) return;
    this.#heartbeatMs = firstHeartbeatMs;
    this.#timer.set(firstHeartbeatMs);
  }

  /** Somebody has met data of this stream, and asks whose it is. */
  solicited(): void {
    if (this.#maySetup()) this.#sendSetup();
  }

  /** Says that the stream ends here, and nothing after that. */
  end(): void {
    const { voice, ring } = this.#parts;
    const end = voice.datagram(controlBytes.end, datagramKinds.end);
    writeU48(end, ring.sequence, 12);
    voice.sign(end);
    voice.toGroup(end);
    this.#timer.stop();
  }

  #onTimer(nowMs: number, stoodStill: boolean): void {
    this.#parts.beforeHeartbeat(nowMs, stoodStill);
    if (nowMs >= this.#nextSetupMs) this.#sendSetup();
    if (this.#parts.members.size > 0) this.#sendHeartbeat();
    this.#timer.set(this.#heartbeatMs);
    this.#heartbeatMs = Math.min(heartbeatMsMax, this.#heartbeatMs * 2);
  }

  #maySetup(): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - this.#setupsRefilledMs >= 1_000) {
      this.#setupsRefilledMs = nowMs;
      this.#setupsLeft = setupsPerSecondMax;
    }
    this.#setupsLeft -= 1;
    return this.#setupsLeft >= 0;
  }

  #sendHeartbeat(): void {
    const { voice, ring, members } = this.#parts;
    const heartbeat = voice.datagram(controlBytes.heartbeat, datagramKinds.heartbeat);
    writeU48(heartbeat, ring.sent, 12);
    writeU48(heartbeat, ring.oldest, 18);
    heartbeat.writeUInt16BE(members.size, 24);
    voice.toGroup(heartbeat);
  }

  #sendSetup(): void {
    const { clock, identity, streamClass, layoutHash, isProven, ring, members, voice } = this.#parts;
    this.#nextSetupMs = clock.monotonicMs() + setupEveryMs;
    const setup = voice.datagram(controlBytes.setup, datagramKinds.setup);
    setup.write(identity.nodeId, 12, 16, 'hex');
    setup.set(identity.publicKey.subarray(0, publicKeyBytes), 28);
    setup[60] = streamClasses.indexOf(streamClass);
    setup[61] = isProven ? setupFlags.proven : 0;
    setup.writeUInt16BE(ring.slotBytes, 62);
    writeU48(setup, ring.sent, 64);
    setup.writeUInt16BE(members.size, 70);
    setup.writeUInt32BE(layoutHash, 72);
    voice.setupToGroup(setup, setupTagAt);
  }
}
