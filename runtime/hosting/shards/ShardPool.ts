/**
 * The worker threads of a node: one shard each and one warm spare, started by Piscina. A shard whose thread throws,
 * exits, runs out of memory or hangs is a child like any other: the spare takes its place, under the same number and with the
 * same actors; when it is back, another spare is warmed, so that the two do not take each other's time. Any two shards have rings and a port of their own, so that nothing that one
 * actor says to another crosses the main thread.
 *
 * ```
 *   main 0 ──────┬──────┐          shard 1 dies:  unlink 1 to all  ->  each answers `unlinked`, so that what
 *                1 ──── 2          it had sent is known to be lost  ->  spare takes seats and names  ->  link
 * ```
 */
import { url as debuggerUrl } from 'node:inspector';
import { Piscina } from 'piscina';
import type { RestartOptions } from '../../protocol/actors.js';
import type { Clock } from '../../protocol/Clock.js';
import { AcademyError } from '../../protocol/errors.js';
import type { Random } from '../../protocol/Random.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { Frame } from '../frames.js';
import { makeLinkChannels, RingLink } from '../rings/RingLink.js';
import { Supervisor } from '../supervision/Supervisor.js';
import { counterPlace, type ShardLedger } from './ShardLedger.js';
import { looksPerHang, ShardWatch, type WatchedThread } from './ShardWatch.js';
import type { ShardTask } from './shardWorker.js';

/** How shards are started again: at once, then ever later, and not for ever. */
export const defaultShardRestart: RestartOptions = {
  kind: 'permanent',
  intensity: 10,
  withinMs: 10_000,
  backoffMs: 1,
  backoffMaxMs: 1_000,
};

/** Longer than any step of an honest actor, and short enough that its neighbours are back before people notice. */
export const defaultHangMs = 5_000;

export interface ShardPoolOptions {
  readonly threads: number;
  readonly maxHeapMb: number | undefined;
  /** A thread whose loop has not turned for so long is ended. */
  readonly hangMs: number;
  readonly restart: RestartOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: ShardLedger;
  /** The main thread's. */
  readonly switchboard: Switchboard;
  /** Resolves when what the shards have handed over can be given to the one that starts. */
  settled(): Promise<void>;
  /** What a shard's worker is given, but for what the pool adds; asked at each start. */
  taskFor(shard: number): Omit<ShardTask, 'shard' | 'epoch' | 'shards' | 'memory' | 'heartbeatMs' | 'channel'>;
  /** A frame for the main thread. */
  receive(frame: Frame, shard: number): void;
  /** What a shard had to say has been received. */
  received(): void;
  /** The shard's thread is dead. @param isReplaced false: it is given up */
  down(shard: number, cause: string, isReplaced: boolean): void;
  /** A shard is back after `millis`; `lost` messages went with the dead thread. */
  up(shard: number, lost: number, millis: number): void;
  trouble(text: string): void;
}

class Shard {
  readonly number: number;
  epoch = 0;
  state: 'idle' | 'starting' | 'up' | 'down' | 'gone' = 'idle';
  /** Resolves when the thread's task has ended, whichever way. */
  run: Promise<void> = Promise.resolve();
  /** Shards that have not yet said that they send nothing to the dead thread any more. */
  readonly unlinking = new Set<number>();
  /** Messages that the dead thread had received from each shard. */
  arrived: number[] = [];
  lost = 0;
  downAtMs = 0;
  /** Ends the thread. */
  kill: (cause: Error) => void = () => {};

  constructor(number: number) {
    this.number = number;
  }

  get isLinked(): boolean {
    return this.state === 'starting' || this.state === 'up';
  }
}

export class ShardPool {
  readonly #options: ShardPoolOptions;
  readonly #shards: Shard[];
  readonly #supervisor: Supervisor<Shard>;
  readonly #watch: ShardWatch;
  #pool: Piscina<ShardTask | null, void> | null = null;
  #isWarming = false;
  #isClosing = false;
  #waiting: { resolve(): void; reject(error: AcademyError): void } | null = null;

  constructor(options: ShardPoolOptions) {
    this.#options = options;
    this.#shards = Array.from({ length: options.threads }, (_, index) => new Shard(index + 1));
    this.#supervisor = new Supervisor(options.clock, options.random);
    this.#watch = new ShardWatch({
      clock: options.clock,
      hangMs: options.hangMs,
      threads: options.threads,
      look: (shard) => this.#look(this.#shard(shard)),
      hung: (shard) => this.#shard(shard).kill(new Error(`its loop has not turned for ${options.hangMs} ms`)),
    });
  }

  /**
   * Resolves when all shards run.
   * @throws AcademyError ERR_ACADEMY_NODE_STOPPED when their threads do not start
   */
  async start(): Promise<void> {
    const { threads, maxHeapMb } = this.#options;
    if (threads === 0) return;
    // A task that never ends keeps its worker to itself, so this pool runs shards and nothing else.
    this.#pool = new Piscina<ShardTask | null, void>({
      filename: new URL('./shardEntry.cjs', import.meta.url).href,
      name: 'runShard',
      minThreads: threads,
      maxThreads: threads + 1,
      // The spare has nothing to do.
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      // With 'sync' an idle worker sleeps in Atomics.wait, and its timers with it.
      atomics: 'disabled',
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    // Emitted when a worker without a task dies: the spare. Without a listener it would end the process.
    this.#pool.on('error', (error) => {
      this.#options.trouble(`a spare thread died: ${causeText(error)}`);
      this.#warmSpare();
    });
    await new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      for (const shard of this.#shards) this.#launch(shard);
    });
    // Whoever stops a thread in a debugger wants it to stand still.
    if (debuggerUrl() === undefined) this.#watch.start();
  }

  /** Shards that run or are about to. */
  usable(): number[] {
    return this.#shards.filter(({ state }) => state !== 'gone').map(({ number }) => number);
  }

  /** Whether a shard was given up. */
  isGone(shard: number): boolean {
    return this.#shards[shard - 1]?.state === 'gone';
  }

  /** Shards that can be spoken to now. */
  linked(): number[] {
    return this.#shards.filter(({ isLinked }) => isLinked).map(({ number }) => number);
  }

  /** Part of the last moments that the shard's thread was busy, from 0 to 1. */
  utilisation(shard: number): number {
    return this.#watch.utilisation(shard);
  }

  /** Ends a shard's thread on the spot, as if it had died by itself. */
  kill(shard: number, cause: string): void {
    this.#shard(shard)?.kill(new Error(cause));
  }

  /** A frame from a shard's thread that is for the pool. @returns false when it is for somebody else */
  receive(frame: Frame, from: number): boolean {
    if (frame[0] === 'up') {
      this.#isUp(this.#shard(from));
    } else if (frame[0] === 'unlinked') {
      const dead = this.#shard(frame[1]);
      if (dead.unlinking.delete(from)) {
        this.#countLost(dead, from);
        if (dead.isLinked) this.#connect(from, dead.number);
        this.#reportUp(dead);
      }
    } else {
      return false;
    }
    return true;
  }

  /** Ends the threads: by their own accord within `limitMs`, else by force. */
  async close(limitMs: number): Promise<void> {
    this.#isClosing = true;
    this.#supervisor.close();
    this.#watch.stop();
    if (!this.#pool) return;
    const { clock, switchboard } = this.#options;
    const runs = this.#shards
      .filter(({ isLinked }) => isLinked)
      .map(({ number, run }) => {
        switchboard.order(number, ['end']);
        return run;
      });
    await new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, limitMs);
      void Promise.allSettled(runs).then(() => {
        clock.clearTimeout(timer);
        resolve();
      });
    });
    await this.#pool.destroy();
    this.#pool = null;
  }

  #launchAgain(shard: Shard): void {
    const { settled, trouble } = this.#options;
    settled().then(
      () => this.#launch(shard),
      (error: unknown) => {
        trouble(`a shard starts without what could not be written: ${causeText(error)}`);
        this.#launch(shard);
      },
    );
  }

  #launch(shard: Shard): void {
    const { ledger, switchboard } = this.#options;
    const pool = this.#pool;
    if (!pool || this.#isClosing) return;
    const { number } = shard;
    const epoch = ++shard.epoch;
    const [here, there] = makeLinkChannels();
    const abort = new AbortController();
    shard.kill = (cause) => abort.abort(cause);
    ledger.resetLife(number);
    const link = new RingLink(
      here,
      {
        receive: (frame) => this.#options.receive(frame, number),
        received: () => this.#options.received(),
        pending: (pending) => switchboard.pending(pending),
        unsendable: (frame, cause) => switchboard.unsendable(number, frame, cause),
        overfull: (frame) => switchboard.overfull(frame),
        // Its thread has written what cannot be, so nothing in it is to be trusted: it ends, and a fresh one starts.
        broken: shard.kill,
      },
      { defer: setImmediate },
    );
    const task: ShardTask = {
      ...this.#options.taskFor(number),
      shard: number,
      epoch,
      shards: ledger.shards,
      memory: ledger.memory,
      heartbeatMs: this.#options.hangMs / looksPerHang,
      channel: there,
    };
    shard.state = 'starting';
    shard.run = pool.run(task, { transferList: [there.port], signal: abort.signal }).then(
      () => this.#died(shard, epoch, 'its thread ended unasked'),
      (error: unknown) => this.#died(shard, epoch, causeText(abort.signal.aborted ? abort.signal.reason : error)),
    );
    switchboard.connect(number, link);
    for (const other of this.#shards) {
      if (other !== shard && other.isLinked && !shard.unlinking.has(other.number)) this.#connect(other.number, number);
    }
  }

  /** No shard waits for it, so it is not to slow down those that are about to be back. */
  #warmSpare(): void {
    const pool = this.#pool;
    if (!pool || this.#isWarming || this.#isClosing || this.#shards.some(({ state }) => state === 'starting')) return;
    this.#isWarming = true;
    pool.run(null, { name: 'warmUp' }).then(
      () => {
        this.#isWarming = false;
      },
      (error: unknown) => {
        this.#isWarming = false;
        if (!this.#isClosing) this.#options.trouble(`no spare thread: ${causeText(error)}`);
      },
    );
  }

  #connect(a: number, b: number): void {
    const { switchboard } = this.#options;
    const [one, other] = makeLinkChannels();
    switchboard.order(a, ['link', b, one], [one.port]);
    switchboard.order(b, ['link', a, other], [other.port]);
  }

  #died(shard: Shard, epoch: number, cause: string): void {
    if (this.#isClosing || shard.epoch !== epoch) return;
    const { ledger, switchboard, clock, restart } = this.#options;
    const { number } = shard;
    switchboard.disconnect(number);
    shard.state = 'down';
    shard.downAtMs = clock.monotonicMs();
    shard.lost = ledger.waiting(number);
    shard.arrived = Array.from({ length: ledger.shards }, (_, from) => ledger.arrived(from, number));
    this.#countLost(shard, 0);
    for (const other of this.#shards) {
      if (other.unlinking.delete(number)) {
        this.#countLost(other, number);
        this.#reportUp(other);
      }
      if (other.isLinked) {
        shard.unlinking.add(other.number);
        switchboard.order(other.number, ['unlink', number]);
      }
    }
    const outcome = this.#supervisor.childEnded(shard, 'crash', restart, (child) => this.#launchAgain(child));
    if (outcome !== 'restarting') {
      shard.state = 'gone';
      switchboard.giveUp(number);
      for (const other of this.linked()) switchboard.order(other, ['gone', number]);
      this.#waiting?.reject(
        new AcademyError('ERR_ACADEMY_NODE_STOPPED', `the thread of shard ${number} does not start: ${cause}`),
      );
    }
    this.#options.down(number, cause, outcome === 'restarting');
  }

  /** What `from` has sent to the dead thread and was not received. */
  #countLost(dead: Shard, from: number): void {
    const inFlight = this.#options.ledger.posted(from, dead.number) - (dead.arrived[from] ?? 0);
    dead.lost += Math.max(0, inFlight);
  }

  #isUp(shard: Shard): void {
    shard.state = 'up';
    if (shard.epoch > 1) this.#reportUp(shard);
    if (this.#waiting && this.#shards.every(({ state }) => state === 'up')) {
      this.#waiting.resolve();
      this.#waiting = null;
    }
    this.#warmSpare();
  }

  /** When the shard runs again and it is known what was lost. */
  #reportUp(shard: Shard): void {
    if (shard.state !== 'up' || shard.unlinking.size > 0) return;
    const millis = this.#options.clock.monotonicMs() - shard.downAtMs;
    this.#options.up(shard.number, shard.lost, millis);
  }

  #look({ number, epoch, isLinked }: Shard): WatchedThread | null {
    const { ledger } = this.#options;
    const id = ledger.get(number, counterPlace('threadId'));
    const worker = isLinked ? this.#pool?.threads.find(({ threadId }) => threadId === id) : undefined;
    if (!worker) return null;
    return {
      epoch,
      heartbeats: ledger.get(number, counterPlace('heartbeats')),
      utilisation: worker.performance.eventLoopUtilization(),
    };
  }

  #shard(number: number): Shard {
    return this.#shards[number - 1] as Shard;
  }
}

function causeText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
