/**
 * Finds the way of a message: to an actor of this shard, over a link to another shard, or by the main thread to
 * another node. It knows names and open questions, and keeps the account of what could not be delivered. A message
 * for a shard that is down waits, bounded, until the shard is back.
 */

import type { MessagePort } from 'node:worker_threads';
import {
  type ActorAddress,
  type ActorMessage,
  type ActorReference,
  type AskToken,
  type DeadLetter,
  type DeadLetterReason,
  type DeliveredMessage,
  isActorAddress,
} from '../../protocol/actors.js';
import type { Clock } from '../../protocol/Clock.js';
import type { ErrorRecord } from '../../protocol/errors.js';
import type { NodeId } from '../../protocol/identity.js';
import type { EffectOrigin, MessageOrigin } from '../../protocol/persistence.js';
import {
  type Addressed,
  type Frame,
  isEventFrame,
  messagesIn,
  type NoticeFrame,
  type OrderFrame,
  type PeerFrame,
} from '../frames.js';
import { isHostWord } from '../lives/hostWords.js';
import type { MessageCourier } from '../mailboxes/MessageCourier.js';
import { isEffect } from '../persistence/SeenEffects.js';
import type { EffectVerdict } from '../persistence/ShardJournal.js';
import type { ShardLedger } from '../shards/ShardLedger.js';
import { counterPlace } from '../shards/ShardLedger.js';
import type { ShardLink } from '../shards/ShardLink.js';
import { ShardLinks } from '../shards/ShardLinks.js';
import { ActorForwards } from './ActorForwards.js';
import { type AskSettler, AskTable } from './AskTable.js';
import { AwaitedNames } from './AwaitedNames.js';
import { DeadLetters, deadLetterReasons } from './DeadLetters.js';
import { type LossDetail, lossError } from './lossError.js';
import { addressKey, NameDirectory } from './NameDirectory.js';
import { uncloneablePlace } from './uncloneablePlace.js';

const eventDropPlace = counterPlace('dropsMailboxFull');
const deadLetterPlaces = new Map(deadLetterReasons.map((reason) => [reason, counterPlace(`deadLetters.${reason}`)]));

export interface SwitchboardOptions {
  readonly shard: number;
  readonly epoch: number;
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly ledger: ShardLedger;
  /** Puts a message into the mailbox of an actor of this shard. */
  readonly deliver: DeliverLocally;
  /** The same for one message to many; null when each is to be delivered by itself. */
  readonly shared: () => SharedDelivery | null;
  /** Tells an actor of this shard what became of its effect. */
  readonly heard: (slot: number, generation: number, effect: number, verdict: EffectVerdict) => void;
  readonly toMain: (frame: NoticeFrame) => void;
  /** Something waits to be flushed at the end of the turn. */
  readonly wake: () => void;
  /** Told of each answer that an actor of this shard is given. */
  readonly answered?: MessageCourier['answered'];
}

export type DeliverLocally = (...message: [...Addressed, remote: boolean, origin: EffectOrigin | null]) => void;

/** One object for all receivers of a message on a shard. */
export interface SharedDelivery {
  /** @returns null for a message that is to be delivered by itself to each */
  envelope(type: string, data: unknown, from: ActorReference | null): DeliveredMessage | null;
  deliverShared(slot: number, generation: number, envelope: DeliveredMessage): void;
}

interface Unresolved {
  readonly to: ActorReference;
  readonly type: string;
  readonly data: unknown;
  readonly from: ActorReference | null;
  readonly ask: AskToken | null;
  readonly remote: boolean;
  readonly origin: EffectOrigin | null;
}

/** Who asks when it is no actor but the host itself: slot 0, which no actor has. */
export function hostAddress(shard: number): ActorAddress {
  return { shard, slot: 0, generation: 0 };
}

export class Switchboard {
  readonly names = new NameDirectory();
  readonly asks: AskTable;
  readonly deadLetters = new DeadLetters();
  readonly forwards = new ActorForwards();
  readonly #options: SwitchboardOptions;
  readonly #shard: number;
  readonly #links: ShardLinks;
  readonly #awaited = new AwaitedNames<Unresolved>();

  constructor(options: SwitchboardOptions) {
    this.#options = options;
    this.#shard = options.shard;
    this.asks = new AskTable(options.clock, options.epoch, options.shard, options.ledger.shards);
    this.#links = new ShardLinks(options.shard, options.ledger, this.asks);
  }

  tell(
    to: ActorReference,
    type: string,
    data: unknown,
    from: ActorReference | null,
    ask: AskToken | null = null,
    remote = false,
    origin: EffectOrigin | null = null,
  ): void {
    if (isActorAddress(to)) {
      this.#toAddress(to, type, data, from, ask, remote, origin);
    } else if (to.node !== undefined && to.node !== this.#options.nodeId) {
      this.#options.toMain(['tell-remote', to.node, to.name, { type, data }]);
    } else {
      const address = this.names.get(to.name);
      if (address) this.#toAddress(address, type, data, from, ask, remote, origin);
      else this.#holdForName(to.name, { to, type, data, from, ask, remote, origin });
    }
  }

  /** One message to many: the data crosses to each shard once. */
  tellMany(targets: readonly ActorReference[], type: string, data: unknown, from: ActorReference | null): void {
    const perShard = new Map<number, number[]>();
    const shared = this.#options.shared();
    const envelope = shared?.envelope(type, data, from) ?? null;
    for (const to of targets) {
      const address = this.#addressNow(to);
      if (!address || address.shard === this.#shard) {
        if (address && envelope) shared?.deliverShared(address.slot, address.generation, envelope);
        else this.tell(address ?? to, type, data, from);
        continue;
      }
      const slots = perShard.get(address.shard);
      if (slots) slots.push(address.slot, address.generation);
      else perShard.set(address.shard, [address.slot, address.generation]);
    }
    for (const [shard, slots] of perShard) this.#post(shard, ['many', slots, type, data, from]);
  }

  /**
   * @param settle called once: with the answer, or with why there is none
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a bad deadline
   */
  ask(
    to: ActorReference,
    message: ActorMessage,
    deadlineMs: number,
    asker: ActorAddress,
    from: ActorReference | null,
    settle: AskSettler,
    remote = false,
  ): void {
    const id = this.asks.open(deadlineMs, message.type, settle);
    if (!isActorAddress(to) && to.node !== undefined && to.node !== this.#options.nodeId) {
      this.#options.toMain(['ask-remote', id, to.node, to.name, message, deadlineMs]);
    } else {
      this.tell(to, message.type, message.data, from, { asker, id }, remote);
    }
  }

  reply(token: AskToken, result: unknown, error: ErrorRecord | null): void {
    if (!isActorAddress(token.asker)) return;
    this.#options.answered?.(token, result, error);
    const { shard } = this.forwards.latest(token.asker);
    if (shard === this.#shard) this.asks.settle(token.id, result, error);
    else this.#post(shard, ['reply', token.id, result, error]);
  }

  /** Whoever has asked this learns on which shard the asked actor lives now. */
  aimAt({ asker, id }: AskToken, shard: number): void {
    if (!isActorAddress(asker)) return;
    const { shard: asking } = this.forwards.latest(asker);
    if (asking === this.#shard) this.asks.aim(id, shard);
    else this.#post(asking, ['aimed', id, shard]);
  }

  /** The same word for a name and for the addresses that are known to lead to it. */
  receiverOf(to: ActorReference): string {
    if (!isActorAddress(to)) return to.name;
    const address = this.forwards.latest(to);
    return this.names.nameOf(address) ?? addressKey(address);
  }

  /** Tells the sender of an effect what became of it. */
  answerEffect(sender: ActorReference | null, effect: number, verdict: EffectVerdict): void {
    if (!sender || !isActorAddress(sender)) return;
    const { shard, slot, generation } = this.forwards.latest(sender);
    if (shard === this.#shard) this.#options.heard(slot, generation, effect, verdict);
    else this.#post(shard, ['heard', slot, generation, effect, verdict]);
  }

  /**
   * A message has reached nobody: it is counted and kept, and whoever waits for an answer is told. An effect for which
   * there is no room comes again.
   */
  lose(
    reason: DeadLetterReason,
    to: ActorReference,
    from: ActorReference | null,
    type: unknown,
    ask: AskToken | null | undefined,
    origin: MessageOrigin | null = null,
    detail?: LossDetail,
  ): void {
    if (isEffect(origin)) {
      this.answerEffect(from, origin[1], reason === 'mailbox-full' ? 'full' : 'gone');
      if (reason === 'mailbox-full') return;
    }
    if (isHostWord(type)) {
      if (ask) this.reply(ask, undefined, lossError({ reason, to, from, messageType: String(type), atMs: 0 }, detail));
      return;
    }
    const messageType = typeof type === 'string' ? type : `(${typeof type})`;
    const letter: DeadLetter = { reason, to, from, messageType, atMs: this.#options.clock.nowMs() };
    this.deadLetters.record(letter);
    this.#options.ledger.add(this.#shard, deadLetterPlaces.get(reason) as number);
    this.#options.wake();
    if (ask) this.reply(ask, undefined, lossError(letter, detail));
  }

  /** What another shard or the main thread has sent, as far as it concerns ways. */
  receive(frame: Frame, from: number): void {
    switch (frame[0]) {
      case 'message': {
        const [, slot, generation, type, data, sender, ask, remote] = frame;
        this.#options.ledger.addArrived(from, this.#shard, 1);
        this.#options.deliver(slot, generation, type, data, sender, ask, remote, null);
        break;
      }
      case 'committed': {
        const [, slot, generation, type, data, sender, ask, origin] = frame;
        this.#options.ledger.addArrived(from, this.#shard, 1);
        this.#options.deliver(slot, generation, type, data, sender, ask, false, origin);
        break;
      }
      case 'heard':
        this.#options.heard(frame[1], frame[2], frame[3], frame[4]);
        break;
      case 'many': {
        const [, targets, type, data, sender] = frame;
        this.#options.ledger.addArrived(from, this.#shard, targets.length / 2);
        const shared = this.#options.shared();
        const envelope = shared?.envelope(type, data, sender) ?? null;
        for (let at = 0; at < targets.length; at += 2) {
          const [slot, generation] = [targets[at] as number, targets[at + 1] as number];
          if (shared && envelope) shared.deliverShared(slot, generation, envelope);
          else this.#options.deliver(slot, generation, type, data, sender, null, false, null);
        }
        break;
      }
      case 'reply':
        this.asks.settle(frame[1], frame[2], frame[3]);
        break;
      case 'aimed':
        this.asks.aim(frame[1], frame[2]);
        break;
      case 'named':
        this.names.bind(frame[1], frame[2]);
        break;
      case 'unnamed':
        this.names.unbind(frame[1], frame[2]);
        this.forwards.ended(frame[2]);
        break;
      case 'resolved':
        this.#resolved(frame[1], frame[2]);
        break;
    }
  }

  /** Sends an order of the main thread; a shard that is down learns what it must know when it starts again. */
  order(shard: number, frame: OrderFrame | PeerFrame, moves?: readonly MessagePort[]): void {
    this.#links.order(shard, frame, moves);
  }

  /** A way to a shard, for the first time or again; what was held for it goes first. */
  connect(shard: number, link: ShardLink): void {
    for (const frame of this.#links.connect(shard, link)) this.#post(shard, frame);
  }

  isConnected(shard: number): boolean {
    return this.#links.isConnected(shard);
  }

  /** A shard is down: what it has sent still counts; what it was asked and has not answered is lost with it. */
  disconnect(shard: number): void {
    this.#links.disconnect(shard);
    this.asks.failShard(shard, {
      code: 'ERR_ACADEMY_ASK_FAILED',
      message: `shard ${shard} went down before its actor answered`,
    });
  }

  /** A shard is given up. */
  giveUp(shard: number): void {
    this.disconnect(shard);
    for (const frame of this.#links.giveUp(shard)) this.#loseFrame('shard-down', shard, frame);
  }

  /** To be called by a link that has frames. */
  pending(link: ShardLink): void {
    this.#links.pending(link);
    this.#options.wake();
  }

  flush(): void {
    this.#links.flush();
  }

  /** A frame cannot be cloned: the fault of whoever wrote the message, who is told as far as there is a way. */
  unsendable(shard: number, frame: Frame, cause: unknown): void {
    const because = cause instanceof Error ? cause.message : String(cause);
    const error: ErrorRecord = {
      code: 'ERR_ACADEMY_BAD_ARGUMENT',
      message: `it cannot be sent to another thread: ${because}`,
      remedy: 'send plain data: no functions, symbols or class instances with private fields',
    };
    switch (frame[0]) {
      case 'message':
      case 'committed':
      case 'carry':
      case 'many':
        this.#options.ledger.addPosted(this.#shard, shard, -messagesIn(frame));
        this.#loseFrame('undecodable', shard, frame, this.#unsendableDetail(shard, frame, because));
        break;
      case 'reply':
      case 'relayed':
        this.#post(shard, [frame[0], frame[1], undefined, error]);
        break;
      case 'execute':
      case 'ask-remote':
        this.asks.settle(frame[1], undefined, error);
        break;
      case 'tell-remote':
        this.lose('undecodable', { name: frame[2], node: frame[1] }, null, frame[3].type, null);
        break;
      case 'log':
        this.#options.toMain(['log', frame[1], frame[2], frame[3], undefined]);
        break;
      case 'spawn-for':
        this.#options.toMain([
          'log',
          'error',
          frame[1],
          `cannot spawn "${frame[2].name}": ${error.message}`,
          undefined,
        ]);
        break;
    }
  }

  /** A link has no room for an event: like one for a mailbox that is full, it is counted and gone. */
  overfull(frame: Frame): void {
    if (isEventFrame(frame)) this.#options.ledger.add(this.#shard, eventDropPlace);
  }

  close(): void {
    this.asks.close({ code: 'ERR_ACADEMY_NODE_STOPPED', message: 'the node stopped before the answer came' });
    this.#links.close();
  }

  /** For what hosts say to each other about an actor that moves. */
  post(shard: number, frame: PeerFrame): void {
    this.#post(shard, frame);
  }

  #addressNow(to: ActorReference): ActorAddress | undefined {
    if (isActorAddress(to)) return this.forwards.size === 0 ? to : this.forwards.latest(to);
    return to.node === undefined ? this.names.get(to.name) : undefined;
  }

  #toAddress(
    known: ActorAddress,
    type: string,
    data: unknown,
    from: ActorReference | null,
    ask: AskToken | null,
    remote: boolean,
    origin: EffectOrigin | null,
  ): void {
    const to = this.forwards.size === 0 ? known : this.forwards.latest(known);
    if (to.shard === this.#shard) {
      this.#options.deliver(to.slot, to.generation, type, data, from, ask, remote, origin);
    } else if (origin) {
      this.#post(to.shard, ['committed', to.slot, to.generation, type, data, from, ask, origin]);
    } else {
      this.#post(to.shard, ['message', to.slot, to.generation, type, data, from, ask, remote]);
    }
  }

  #post(shard: number, frame: PeerFrame): void {
    const lost = this.#links.post(shard, frame);
    if (lost) this.#loseFrame(lost, shard, frame);
  }

  #unsendableDetail(shard: number, frame: PeerFrame, because: string): LossDetail | undefined {
    if (frame[0] !== 'message' && frame[0] !== 'committed' && frame[0] !== 'carry') return undefined;
    const [, slot, generation, , data] = frame;
    const place = uncloneablePlace(data);
    return {
      name: this.names.nameOf({ shard, slot, generation }),
      why: `${place ? `${place} ` : ''}cannot be sent to another thread: ${because}`,
    };
  }

  #loseFrame(reason: DeadLetterReason, shard: number, frame: PeerFrame, detail?: LossDetail): void {
    if (frame[0] === 'carry') {
      const [, slot, generation, type, , from, ask, , origin] = frame;
      this.lose(reason, { shard, slot, generation }, from, type, ask, origin, detail);
      return;
    }
    if (frame[0] === 'message') {
      const [, slot, generation, type, , from, ask] = frame;
      this.lose(reason, { shard, slot, generation }, from, type, ask, null, detail);
    } else if (frame[0] === 'committed') {
      const [, slot, generation, type, , from, ask, origin] = frame;
      this.lose(reason, { shard, slot, generation }, from, type, ask, origin, detail);
    } else if (frame[0] === 'many') {
      const [, targets, type, , from] = frame;
      for (let at = 0; at < targets.length; at += 2) {
        this.lose(
          reason,
          { shard, slot: targets[at] as number, generation: targets[at + 1] as number },
          from,
          type,
          null,
        );
      }
    }
  }

  #holdForName(name: string, message: Unresolved): void {
    const outcome = this.#awaited.hold(name, message);
    if (outcome === 'first') this.#options.toMain(['resolve', name]);
    if (outcome !== 'full') return;
    // Too many wait: an effect comes again, anything else is lost.
    const reason = message.origin ? 'mailbox-full' : 'unknown-name';
    this.lose(reason, message.to, message.from, message.type, message.ask, message.origin);
  }

  #resolved(name: string, address: ActorAddress | null): void {
    const waiting = this.#awaited.take(name);
    if (address) this.names.bind(name, address);
    for (const { to, type, data, from, ask, remote, origin } of waiting) {
      if (address) this.#toAddress(address, type, data, from, ask, remote, origin);
      else this.lose('unknown-name', to, from, type, ask, origin);
    }
  }
}
