/** The process that publishes. */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { cpuSeconds } from '../runner/cpuSeconds.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import { monotonicNs } from '../runner/monotonicNs.js';
import { AckWindow } from './AckWindow.js';
import type { PublisherQuestions, PublisherReport, Schedule } from './questions.js';
import type { SignalPublisher } from './SignalPath.js';
import { signalPaths } from './signalPaths.js';
import { trainingSignals } from './trainingSignals.js';

class Publishing {
  readonly #publisher: SignalPublisher;
  readonly #signals: readonly TrainingSignal[];
  readonly #window: AckWindow;
  #position = 0;
  #until = 0;
  #onProgress: () => void = () => {};

  private constructor(publisher: SignalPublisher, signals: readonly TrainingSignal[], receivers: number) {
    this.#publisher = publisher;
    this.#signals = signals;
    this.#window = new AckWindow(receivers, () => this.#onProgress());
  }

  static async open(given: PublisherQuestions['open']['given']): Promise<[publishing: Publishing, port: number]> {
    const publisher = await signalPaths[given.path].openPublisher(given.network);
    const publishing = new Publishing(publisher, trainingSignals(given.seed), given.receivers);
    return [publishing, await publishing.#window.open()];
  }

  async publish(count: number, schedule: Schedule | null): Promise<PublisherReport> {
    const refusedBefore = this.#publisher.refused;
    const cpuBefore = cpuSeconds();
    const startNs = schedule?.startNs ?? monotonicNs();
    this.#until = this.#position + count;
    if (schedule) await this.#publishOnTime(this.#position, schedule);
    else await this.#publishInWindow();
    await this.#allAcknowledged();
    return { startNs, cpuSeconds: cpuSeconds() - cpuBefore, refused: this.#publisher.refused - refusedBefore };
  }

  /** As fast as the receivers acknowledge. */
  #publishInWindow(): Promise<void> {
    return new Promise((resolve) => {
      this.#onProgress = () => {
        while (this.#position < this.#until && this.#window.hasRoom) this.#publishNext();
        if (this.#position === this.#until) resolve();
      };
      this.#onProgress();
    });
  }

  /** Each at its time. It polls the clock: a timer would add its own delay to every latency. */
  #publishOnTime(first: number, { startNs, signalsPerSecond }: Schedule): Promise<void> {
    const intervalNs = 1e9 / signalsPerSecond;
    return new Promise((resolve) => {
      const poll = (): void => {
        const due = Math.floor((monotonicNs() - startNs) / intervalNs) + 1;
        while (this.#position < this.#until && this.#position - first < due) this.#publishNext();
        if (this.#position < this.#until) setImmediate(poll);
        else resolve();
      };
      poll();
    });
  }

  #publishNext(): void {
    const signal = this.#signals[this.#position % this.#signals.length] as TrainingSignal;
    this.#position += 1;
    this.#window.publish();
    this.#publisher.publish(signal);
  }

  #allAcknowledged(): Promise<void> {
    return new Promise((resolve) => {
      this.#onProgress = () => {
        if (this.#window.isEmpty) resolve();
      };
      this.#onProgress();
    });
  }
}

let publishing: Publishing | undefined;

answerQuestions<PublisherQuestions>({
  open: async (given) => {
    const [opened, port] = await Publishing.open(given);
    publishing = opened;
    return port;
  },
  publish: ({ count, schedule }) => {
    if (!publishing) throw new Error('nothing is open yet');
    return publishing.publish(count, schedule);
  },
});
