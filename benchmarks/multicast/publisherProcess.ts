/** The process that publishes. */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { cpuSeconds } from '../runner/cpuSeconds.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import { monotonicNs } from '../runner/monotonicNs.js';
import { AckWindow } from './AckWindow.js';
import type { PublisherQuestions, PublisherReport, Schedule } from './questions.js';
import type { SignalPublisher } from './SignalPath.js';
import { openSignalPath } from './signalPaths.js';
import { trainingSignals } from './trainingSignals.js';

class Publishing {
  readonly publisher: SignalPublisher;
  readonly #signals: readonly TrainingSignal[];
  /** Null for a path that paces itself. */
  readonly #window: AckWindow | null;
  #position = 0;
  #until = 0;
  #onProgress: () => void = () => {};

  private constructor(publisher: SignalPublisher, signals: readonly TrainingSignal[], windowFor: number | null) {
    this.publisher = publisher;
    this.#signals = signals;
    this.#window = windowFor === null ? null : new AckWindow(windowFor, () => this.#onProgress());
  }

  static async open(
    given: PublisherQuestions['open']['given'],
  ): Promise<[publishing: Publishing, port: number | null]> {
    const path = await openSignalPath(given.path);
    const publisher = await path.openPublisher(given.network);
    const windowFor = path.pacing === 'window' ? given.network.receivers : null;
    const publishing = new Publishing(publisher, trainingSignals(given.seed), windowFor);
    return [publishing, (await publishing.#window?.open()) ?? null];
  }

  async publish(count: number, schedule: Schedule | null): Promise<PublisherReport> {
    const refusedBefore = this.publisher.refused;
    const cpuBefore = cpuSeconds();
    const startNs = schedule?.startNs ?? monotonicNs();
    this.#until = this.#position + count;
    if (schedule) await this.#publishOnTime(this.#position, schedule);
    else if (this.#window) await this.#publishInWindow();
    else await this.#publishAtItsPace();
    await this.publisher.flush();
    if (this.#window) await this.#allAcknowledged(this.#window);
    return { startNs, cpuSeconds: cpuSeconds() - cpuBefore, refused: this.publisher.refused - refusedBefore };
  }

  /** As fast as the receivers acknowledge. */
  #publishInWindow(): Promise<void> {
    return new Promise((resolve) => {
      this.#onProgress = () => {
        while (this.#position < this.#until && this.#publishNext());
        if (this.#position === this.#until) resolve();
      };
      this.#onProgress();
    });
  }

  /** As fast as the path takes them. */
  async #publishAtItsPace(): Promise<void> {
    while (this.#position < this.#until) {
      if (!this.#publishNext()) await this.publisher.ready();
    }
  }

  /** Each at its time. It polls the clock: a timer would add its own delay to every latency. */
  async #publishOnTime(first: number, { startNs, signalsPerSecond }: Schedule): Promise<void> {
    const intervalNs = 1e9 / signalsPerSecond;
    while (this.#position < this.#until) {
      const due = Math.min(this.#until, first + Math.floor((monotonicNs() - startNs) / intervalNs) + 1);
      let taken = true;
      while (taken && this.#position < due) taken = this.#publishNext();
      if (!taken && !this.#window) await this.publisher.ready();
      // A turn of the event loop in any case: what was published leaves in it, and acknowledgements come.
      if (this.#position < this.#until) await new Promise(setImmediate);
    }
  }

  /** @returns false when the window or the path did not take it */
  #publishNext(): boolean {
    if (this.#window?.hasRoom === false) return false;
    const signal = this.#signals[this.#position % this.#signals.length] as TrainingSignal;
    if (!this.publisher.publish(signal)) return false;
    this.#position += 1;
    this.#window?.published();
    return true;
  }

  #allAcknowledged(window: AckWindow): Promise<void> {
    return new Promise((resolve) => {
      this.#onProgress = () => {
        if (window.isEmpty) resolve();
      };
      this.#onProgress();
    });
  }
}

let publishing: Publishing | undefined;

function open(): Publishing {
  if (publishing) return publishing;
  throw new Error('nothing is open yet');
}

answerQuestions<PublisherQuestions>({
  open: async (given) => {
    const [opened, port] = await Publishing.open(given);
    publishing = opened;
    return port;
  },
  whenHeard: async () => {
    await open().publisher.whenHeard();
    return null;
  },
  publish: ({ count, schedule }) => open().publish(count, schedule),
});
