/**
 * Hosts the actors of one shard, in a worker or in the main thread. It hands them their messages in bounded turns
 * between which I/O runs, carries out their effects, and starts them again when they crash: at the same address, with
 * the messages that waited meanwhile. The message that an actor was handling when it crashed is lost, and counted.
 *
 * Nothing is delivered while a machine runs: effects only fill mailboxes and links, so no chain of messages can
 * overflow the stack.
 */
import { createActor } from 'xstate';
import type {
  ActorDefinition,
  ActorEffect,
  ActorInfo,
  ActorInput,
  ActorReference,
  AskToken,
  DeliveredMessage,
  RestartOptions,
  Settled,
} from '../protocol/actors.js';
import type { Clock } from '../protocol/Clock.js';
import type { EventMessage } from '../protocol/EventMessage.js';
import { type ErrorRecord, toErrorRecord } from '../protocol/errors.js';
import {
  type AcademyEventData,
  type AcademyEventName,
  type EventDefinition,
  eventById,
  isEventData,
  requireEvent,
} from '../protocol/events.js';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import { MessageCodec } from '../protocol/MessageCodec.js';
import { type PacketHeader, packetId } from '../protocol/packet.js';
import type { Random } from '../protocol/Random.js';
import { ActorCell } from './ActorCell.js';
import type { AskSettler } from './AskTable.js';
import { EventInterest, type Subscription } from './EventInterest.js';
import type { ActorSeat, Frame, NoticeFrame } from './frames.js';
import { isDeliverable } from './isDeliverable.js';
import { loadActorModule } from './loadActorModule.js';
import { type EffectWorld, performEffect } from './performEffect.js';
import { RingQueue } from './RingQueue.js';
import { type CounterName, counterPlace, type ShardLedger } from './ShardLedger.js';
import { StreamedEvents } from './StreamedEvents.js';
import { Switchboard } from './Switchboard.js';
import { Supervisor } from './supervision/Supervisor.js';

/** Time that a turn may take before I/O and timers get theirs. */
const turnMs = 5;
/** Messages that a turn handles at most, for clocks that stand still while code runs. */
const hostTurnMessagesMax = 8_192;
/** Looking at the clock costs something too: it is done once for so many messages. */
const messagesPerLook = 32;

/** Told to a machine that names it, when it is stopped in good order and can still send. */
const stoppingType = 'academy.stopping';
/** Told to a machine that names it, when a mailbox was too full for what it sent. Data: the DeadLetter. */
const undeliveredType = 'academy.undelivered';

/** Stands in a mailbox behind the last message that is to be handled. */
const stopOrder: DeliveredMessage = { type: stoppingType, data: null, from: null, atMs: 0 };

export interface ActorHostOptions {
  readonly shard: number;
  /** How many lives the shard has had. */
  readonly epoch: number;
  readonly nodeId: NodeId;
  readonly academyId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: ShardLedger;
  readonly restart: RestartOptions;
  readonly toMain: (frame: NoticeFrame) => void;
  /** Calls a turn soon, but not before it returns. */
  readonly defer: (turn: () => void) => void;
}

export class ActorHost {
  readonly switchboard: Switchboard;
  readonly #options: ActorHostOptions;
  readonly #cells: (ActorCell | undefined)[] = [];
  /** Generation of the last actor that had a slot, to tell one that has stopped from one that never was. */
  readonly #lastGenerations: number[] = [];
  readonly #ready = new RingQueue<ActorCell>();
  /** Actors that are to be stopped one after the other: slot, generation, slot, generation … */
  readonly #toStop = new RingQueue<number>();
  #stopping: ActorCell | null = null;
  readonly #supervisor: Supervisor<ActorCell>;
  readonly #interest: EventInterest<ActorCell>;
  readonly #codec = new MessageCodec();
  readonly #streamed = new StreamedEvents();
  readonly #effects: EffectWorld;
  readonly #places: Readonly<Record<'handled' | 'events' | 'accepted' | 'removed', number>>;
  readonly #nowMs = (): number => this.#options.clock.nowMs();
  #isTurnDue = false;
  #isClosed = false;

  constructor(options: ActorHostOptions) {
    this.#options = options;
    const { shard, epoch, nodeId, clock, ledger, toMain } = options;
    this.#supervisor = new Supervisor(clock, options.random);
    this.#interest = new EventInterest((eventId, topic, interested) =>
      toMain(['interest', eventId, topic, interested]),
    );
    this.switchboard = new Switchboard({
      shard,
      epoch,
      nodeId,
      clock,
      ledger,
      toMain,
      deliver: this.#deliver.bind(this),
      wake: this.#wake.bind(this),
    });
    this.#effects = {
      switchboard: this.switchboard,
      interest: this.#interest,
      codec: this.#codec,
      toMain,
      settler: this.#settler.bind(this),
    };
    this.#places = {
      handled: counterPlace('messagesHandled'),
      events: counterPlace('eventsDelivered'),
      accepted: counterPlace('mailboxAccepted'),
      removed: counterPlace('mailboxRemoved'),
    };
  }

  /** Gives an actor its address and loads its module. The main thread hears `started` or `refused`. */
  async spawn(seat: ActorSeat): Promise<void> {
    const cell = this.#seat(seat);
    try {
      const definition = await loadActorModule(seat.module, seat.exportName);
      if (cell.status === 'starting') this.#begin(cell, definition);
    } catch (thrown) {
      if (cell.status === 'starting') this.#refuse(cell, toErrorRecord(thrown, 'ERR_ACADEMY_ACTOR_MODULE'));
    }
  }

  /** The same with a definition at hand, at once. */
  spawnDefined(seat: ActorSeat, definition: ActorDefinition): void {
    this.#begin(this.#seat(seat), definition);
  }

  /** Stops an actor when it has handled what waits in its mailbox. The main thread hears `ended`. */
  stop(slot: number, generation: number): void {
    const cell = this.#cells[slot];
    if (!cell || cell.address.generation !== generation || cell.stopRequested) return;
    cell.stopRequested = true;
    if (cell.status === 'restarting') {
      this.#end(cell, 'stopped');
    } else if (cell.status === 'running') {
      this.#putControl(cell, stopOrder);
    }
  }

  /** What another shard or the main thread has sent. */
  receive(frame: Frame, from: number): void {
    switch (frame[0]) {
      case 'event':
        this.deliverEvent(frame[1], frame[2]);
        break;
      case 'stream':
        this.#streamed.open(frame[1], frame[2], frame[3]);
        break;
      case 'stream-ids':
        this.#streamed.define(frame[1], frame[2]);
        break;
      case 'stream-event':
        this.#deliverStreamed(frame[1], frame[2], frame[3], frame[4]);
        break;
      case 'stream-end':
        this.#streamed.end(frame[1]);
        break;
      case 'spawn':
        void this.spawn(frame[1]);
        break;
      case 'stop':
        this.stop(frame[1], frame[2]);
        break;
      case 'stop-each':
        for (const number of frame[1]) this.#toStop.push(number);
        this.#wake();
        break;
      case 'report':
        this.#options.toMain([
          'answer',
          frame[1],
          frame[2] === 'infos' ? this.infos() : this.switchboard.deadLetters.list(),
        ]);
        break;
      case 'unlink':
        this.switchboard.disconnect(frame[1]);
        this.#options.toMain(['unlinked', frame[1]]);
        break;
      case 'gone':
        this.switchboard.giveUp(frame[1]);
        break;
      default:
        this.switchboard.receive(frame, from);
    }
  }

  /**
   * Decodes and checks a packet's payload once and hands it to those who have subscribed to it.
   * @param payload must not change afterwards: decoded byte fields are views into it
   */
  deliverEvent(header: PacketHeader, payload: Uint8Array): void {
    const listeners = this.#interest.listeners(header.eventId, header.topic);
    const definition = eventById(header.eventId);
    if (!listeners || !definition) return;
    const data = this.#codec.decode(payload);
    if (data === undefined) return this.#count('dropsUndecodable');
    if (!isEventData(definition.name, data)) return this.#count('dropsInvalidPayload');
    this.#tellListeners(listeners, definition, header, data);
  }

  /** A hot event of a stream, decoded here where its listeners are. */
  #deliverStreamed(stream: number, eventId: number, position: number, payload: Uint8Array): void {
    const event = this.#streamed.read(stream, eventId, position, payload);
    if (!event) return this.#count('dropsUndecodable');
    const listeners = this.#interest.listeners(eventId, event.header.topic);
    if (listeners) this.#tellListeners(listeners, requireEvent(event.name), event.header, event.data);
  }

  #tellListeners(
    listeners: readonly Subscription<ActorCell>[],
    definition: EventDefinition,
    header: PacketHeader,
    data: AcademyEventData[AcademyEventName],
  ): void {
    const event: EventMessage = {
      name: definition.name,
      data,
      id: packetId(header),
      priority: header.priority,
      timestampMs: header.timestampMs,
      sourceNode: header.sourceNode,
      traceId: header.traceId,
    };
    const isOwn = header.sourceNode === this.#options.nodeId;
    const roomId = definition.roomScoped ? ((data as { roomId?: string }).roomId ?? null) : null;
    for (const subscription of listeners) {
      if (subscription.roomId !== roomId || (isOwn && subscription.remoteOnly)) continue;
      this.#options.ledger.add(this.#options.shard, this.#places.events);
      const message = { type: 'academy.event', data: event, from: null, atMs: 0 };
      if (!this.#put(subscription.subscriber, message)) this.#count('dropsMailboxFull');
    }
  }

  infos(): ActorInfo[] {
    const infos: ActorInfo[] = [];
    for (const cell of this.#cells) {
      if (cell) infos.push(cell.info(cell.status === 'restarting' ? 'restarting' : 'running'));
    }
    return infos;
  }

  /** Ends timers and open questions; machines are dropped as they are. Stop the actors first for a good order. */
  close(): void {
    this.#isClosed = true;
    this.#supervisor.close();
    for (const cell of this.#cells) if (cell) this.#discardMachine(cell);
    this.switchboard.close();
  }

  // --- the life of an actor

  #seat(seat: ActorSeat): ActorCell {
    const cell = new ActorCell(seat, { ...this.#options.restart, ...seat.restart });
    const { slot, generation } = seat.address;
    this.#cells[slot] = cell;
    this.#lastGenerations[slot] = generation;
    this.switchboard.names.bind(seat.name, seat.address);
    return cell;
  }

  /** A first start that fails is told to whoever spawned the actor, as in OTP; later ones are the supervisor's. */
  #begin(cell: ActorCell, definition: ActorDefinition): void {
    cell.define(definition, this.#options.restart);
    const { slot, generation } = cell.address;
    this.#startMachine(cell);
    if (cell.fault && cell.restarts === 0) {
      const { message } = toErrorRecord(cell.fault.error, 'ERR_ACADEMY_ACTOR_MODULE');
      this.#refuse(cell, {
        code: 'ERR_ACADEMY_ACTOR_MODULE',
        message: `"${cell.seat.name}" crashes when it starts: ${message}`,
        remedy: 'look at the initial state of the machine and at the options that it was given',
      });
      return;
    }
    cell.status = 'running';
    this.#options.toMain(['started', slot, generation, cell.restart.kind]);
    const { early } = cell;
    cell.early = [];
    for (const [, , , type, data, from, ask, remote] of early) {
      this.#options.ledger.add(this.#options.shard, this.#places.removed);
      this.#deliver(slot, generation, type, data, from, ask, remote);
    }
    if (cell.stopRequested) this.#putControl(cell, stopOrder);
  }

  #startMachine(cell: ActorCell): void {
    const { address, seat } = cell;
    const { nodeId, academyId, clock, random } = this.#options;
    const input: ActorInput = {
      name: seat.name,
      self: address,
      nodeId,
      academyId,
      seed: Math.floor(random.next() * 2 ** 32),
      startedAtMs: clock.nowMs(),
      nowMs: this.#nowMs,
      restarts: cell.restarts,
      options: seat.options,
    };
    const machine = createActor((cell.definition as ActorDefinition).machine, {
      input,
      clock,
      id: seat.name,
      logger: (...words: unknown[]) =>
        this.#options.toMain(['log', 'debug', seat.name, words.map(String).join(' '), undefined]),
    });
    cell.machine = machine;
    // Before start(): XState throws an error that nobody observes at the whole process.
    machine.subscribe({
      error: (error: unknown) => {
        if (cell.machine === machine) this.#fault(cell, error);
      },
      complete: () => {
        if (cell.machine !== machine) return;
        cell.done = true;
        this.#makeReady(cell);
      },
    });
    machine.on('*', (emitted: unknown) => {
      if (cell.machine !== machine || cell.fault) return;
      try {
        performEffect(this.#effects, cell, emitted as ActorEffect);
      } catch (error) {
        this.#fault(cell, error);
      }
    });
    machine.start();
  }

  /** Remembers the error; it is dealt with when the machine has come to rest. */
  #fault(cell: ActorCell, error: unknown): void {
    cell.fault ??= { error };
    this.#makeReady(cell);
  }

  #crashed(cell: ActorCell, error: unknown): void {
    cell.lastError = toErrorRecord(error, 'ERR_ACADEMY_ACTOR_STOPPED');
    if (cell.handling) {
      const { from, type, ask } = cell.handling;
      cell.handling = null;
      if (ask) cell.owed.delete(ask);
      this.switchboard.lose('crashed', cell.address, from, type, ask);
    }
    this.#leaveUnanswered(cell, {
      code: 'ERR_ACADEMY_ASK_FAILED',
      message: `"${cell.seat.name}" crashed before it answered: ${cell.lastError.message}`,
    });
    this.#ended(cell, 'crash');
  }

  #finished(cell: ActorCell): void {
    this.#leaveUnanswered(cell, stoppedError(cell));
    this.#ended(cell, 'done');
  }

  #ended(cell: ActorCell, how: 'crash' | 'done'): void {
    this.#discardMachine(cell);
    cell.fault = null;
    cell.done = false;
    const outcome = cell.stopRequested
      ? 'stopped'
      : this.#supervisor.childEnded(cell, how, cell.restart, (child) => this.#restart(child));
    if (outcome === 'restarting') {
      cell.status = 'restarting';
    } else {
      if (outcome === 'failed') this.#count('failures');
      this.#end(cell, outcome);
    }
  }

  #restart(cell: ActorCell): void {
    cell.restarts++;
    this.#count('restarts');
    this.#startMachine(cell);
    cell.status = 'running';
    // Until now events went on into the mailbox by the subscriptions of the earlier life.
    this.#interest.dropBefore(cell, cell.incarnation);
    const { slot, generation } = cell.address;
    this.#options.toMain(['restarted', slot, generation, cell.restarts, cell.lastError]);
    this.#makeReady(cell);
  }

  #refuse(cell: ActorCell, error: ErrorRecord): void {
    cell.lastError = error;
    const { slot, generation } = cell.address;
    if (cell.restarts > 0) {
      this.#count('failures');
      this.#end(cell, 'failed');
    } else {
      this.#vacate(cell);
      this.#options.toMain(['refused', slot, generation, error]);
    }
  }

  #end(cell: ActorCell, outcome: 'stopped' | 'failed'): void {
    const info = cell.info(outcome);
    const { slot, generation } = cell.address;
    this.#vacate(cell);
    this.#options.toMain(['ended', slot, generation, info]);
  }

  /** Takes the actor from its address; whatever is addressed to it from now on is a dead letter. */
  #vacate(cell: ActorCell): void {
    const { address, seat } = cell;
    cell.status = 'gone';
    if (cell === this.#stopping) this.#wake();
    this.#cells[address.slot] = undefined;
    this.switchboard.names.unbind(seat.name, address);
    this.#interest.dropBefore(cell, Number.POSITIVE_INFINITY);
    this.#supervisor.forget(cell);
    this.#discardMachine(cell);
    this.#leaveUnanswered(cell, stoppedError(cell));
    for (let message = cell.mailbox.shift(); message; message = cell.mailbox.shift()) {
      this.#options.ledger.add(this.#options.shard, this.#places.removed);
      if (message !== stopOrder) this.switchboard.lose('stopped', address, message.from, message.type, message.ask);
    }
    for (const [, , , type, , from, ask] of cell.early) {
      this.#options.ledger.add(this.#options.shard, this.#places.removed);
      this.switchboard.lose('stopped', address, from, type, ask);
    }
    cell.early = [];
  }

  /** Ends the machine and what it had invoked; its last words are not heard. */
  #discardMachine(cell: ActorCell): void {
    const { machine } = cell;
    if (!machine) return;
    cell.machine = null;
    cell.incarnation++;
    const snapshot = machine.getSnapshot() as {
      status: string;
      children?: Record<string, { send(event: unknown): void }>;
    };
    if (snapshot.status === 'active') machine.stop();
    // XState leaves the children of a crashed machine running. This is the event by which it stops them itself.
    if (snapshot.status === 'error') {
      for (const child of Object.values(snapshot.children ?? {})) child?.send({ type: 'xstate.stop' });
    }
  }

  #leaveUnanswered(cell: ActorCell, error: ErrorRecord): void {
    for (const token of cell.owed) this.switchboard.reply(token, undefined, error);
    cell.owed.clear();
  }

  #settler(cell: ActorCell, type: string, tag: unknown, from: ActorReference | null): AskSettler {
    const { incarnation } = cell;
    return (result, error) => {
      if (cell.incarnation !== incarnation || cell.status === 'gone') return;
      const data: Settled = error ? { tag, error } : { tag, result };
      this.#putControl(cell, { type, data, from, atMs: 0 });
    };
  }

  // --- messages

  #deliver(
    slot: number,
    generation: number,
    type: string,
    data: unknown,
    from: ActorReference | null,
    ask: AskToken | null,
    remote: boolean,
  ): void {
    const cell = this.#cells[slot];
    if (cell === undefined || cell.address.generation !== generation) {
      const reason = this.#lastGenerations[slot] === generation ? 'stopped' : 'stale-address';
      this.switchboard.lose(reason, { shard: this.#options.shard, slot, generation }, from, type, ask);
    } else if (!isDeliverable(type)) {
      this.switchboard.lose('undecodable', cell.address, from, type, ask);
    } else if (cell.definition === null) {
      if (cell.early.length >= cell.mailbox.capacity) {
        this.switchboard.lose('mailbox-full', cell.address, from, type, ask);
      } else {
        cell.early.push(['message', slot, generation, type, data, from, ask, remote]);
        this.#options.ledger.add(this.#options.shard, this.#places.accepted);
      }
    } else if (remote && !cell.takesFromRemote(type)) {
      this.switchboard.lose('not-remote', cell.address, from, type, ask);
    } else if (type !== undeliveredType || cell.hears(undeliveredType)) {
      this.#put(cell, ask ? { type, data, from, atMs: 0, ask } : { type, data, from, atMs: 0 });
    }
  }

  /** @returns whether all messages fit */
  #put(cell: ActorCell, message: DeliveredMessage): boolean {
    const { ledger, shard } = this.#options;
    const lost = cell.mailbox.push(message);
    if (lost === undefined) {
      ledger.add(shard, this.#places.accepted);
    } else {
      const reason = lost === message ? 'mailbox-full' : 'dropped-oldest';
      // Its sender is told of it in the same way; to tell him of that again would never end.
      if (lost.type !== undeliveredType) this.switchboard.lose(reason, cell.address, lost.from, lost.type, lost.ask);
    }
    if (!cell.isReady) this.#makeReady(cell);
    return lost === undefined;
  }

  #putControl(cell: ActorCell, message: DeliveredMessage): void {
    cell.mailbox.pushControl(message);
    this.#options.ledger.add(this.#options.shard, this.#places.accepted);
    this.#makeReady(cell);
  }

  // --- turns

  #makeReady(cell: ActorCell): void {
    if (cell.isReady) return;
    cell.isReady = true;
    this.#ready.push(cell);
    this.#wake();
  }

  #wake(): void {
    if (this.#isTurnDue || this.#isClosed) return;
    this.#isTurnDue = true;
    this.#options.defer(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isTurnDue = false;
    if (this.#isClosed) return;
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const endMs = clock.monotonicMs() + turnMs;
    let nextLook = messagesPerLook;
    for (let handled = 0; handled < hostTurnMessagesMax; ) {
      const cell = this.#ready.shift();
      if (!cell) break;
      cell.isReady = false;
      const before = cell.messagesHandled;
      this.#serve(cell, nowMs);
      // An actor that only crashed or ended has cost as much as a message.
      handled += cell.messagesHandled - before || 1;
      if (handled < nextLook) continue;
      nextLook = handled + messagesPerLook;
      if (clock.monotonicMs() >= endMs) break;
    }
    if (this.#toStop.size > 0) this.#stopNext();
    if (this.switchboard.deadLetters.hasNotices) this.#noticeDeadLetters();
    this.switchboard.flush();
    if (this.#ready.size > 0) this.#wake();
  };

  /** Stops the next of those that are stopped in order, when the one before has ended. */
  #stopNext(): void {
    while (this.#stopping === null || this.#stopping.status === 'gone') {
      const slot = this.#toStop.shift();
      const generation = this.#toStop.shift();
      if (slot === undefined || generation === undefined) return;
      const cell = this.#cells[slot];
      this.#stopping = cell?.address.generation === generation ? cell : null;
      this.stop(slot, generation);
    }
  }

  /** Lets one actor handle what waits for it, up to the limit of a turn. */
  #serve(cell: ActorCell, nowMs: number): void {
    const { ledger, shard } = this.#options;
    for (let handled = 0; handled < limits.turnMessagesMax; handled++) {
      // It was refused or has ended since it was made ready; its fault has been told, and is nobody's to restart.
      if (cell.status === 'gone') return;
      if (cell.fault) return this.#crashed(cell, cell.fault.error);
      if (cell.done) return this.#finished(cell);
      if (cell.status !== 'running') return;
      const message = cell.mailbox.shift();
      if (!message) return;
      if (message === stopOrder) {
        ledger.add(shard, this.#places.removed);
        return this.#stopInOrder(cell, nowMs);
      }
      (message as { atMs: number }).atMs = nowMs;
      if (message.ask) cell.owe(message.ask);
      cell.handling = message;
      cell.machine?.send(message);
      if (!cell.fault) cell.handling = null;
      cell.messagesHandled++;
      ledger.add(shard, this.#places.handled);
      ledger.add(shard, this.#places.removed);
    }
    this.#makeReady(cell);
  }

  /** The machine may say a last word, which is carried out before it ends. */
  #stopInOrder(cell: ActorCell, atMs: number): void {
    if (cell.hears(stoppingType)) cell.machine?.send({ ...stopOrder, atMs });
    if (cell.fault) this.#crashed(cell, cell.fault.error);
    else this.#end(cell, 'stopped');
  }

  /** Tells the main thread of dead letters, and senders of full mailboxes. */
  #noticeDeadLetters(): void {
    const letters = this.switchboard.deadLetters.takeNotices();
    for (const letter of letters) {
      if (letter.reason === 'mailbox-full' && letter.from) {
        this.switchboard.tell(letter.from, undeliveredType, letter, null);
      }
    }
    this.#options.toMain(['dead-letters', letters]);
  }

  #count(name: CounterName): void {
    this.#options.ledger.add(this.#options.shard, counterPlace(name));
  }
}

function stoppedError(cell: ActorCell): ErrorRecord {
  return { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: `"${cell.seat.name}" stopped before it answered` };
}
