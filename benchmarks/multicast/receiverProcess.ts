/** A process that receives: it reads every field of every signal, and checks that it is the one that was due. */
import type { Histogram } from 'hdr-histogram-js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { cpuSeconds } from '../runner/cpuSeconds.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import { encodeHistogram, latencyHistogram, recordLatency } from '../runner/latencyHistogram.js';
import { monotonicNs } from '../runner/monotonicNs.js';
import { Acknowledger } from './AckWindow.js';
import { hashSignal } from './hashSignal.js';
import type { ReceiverQuestions, ReceiverReport, Schedule } from './questions.js';
import type { SignalReceiver } from './SignalPath.js';
import { signalPaths } from './signalPaths.js';
import { indexOfSignal, trainingSignals } from './trainingSignals.js';

class Receiving {
  readonly #hashes: Uint32Array;
  readonly #acknowledger: Acknowledger;
  #receiver: SignalReceiver | undefined;
  /** Position in the stream of the next signal. */
  #next = 0;
  #begun = 0;
  #received = 0;
  #lost = 0;
  #disordered = 0;
  #corrupt = 0;
  #droppedBefore = 0;
  #cpuBefore = 0;
  #lastNs = 0;
  #schedule: Schedule | null = null;
  #histogram: Histogram = latencyHistogram();

  private constructor(hashes: Uint32Array, acknowledger: Acknowledger) {
    this.#hashes = hashes;
    this.#acknowledger = acknowledger;
  }

  static async open(given: ReceiverQuestions['open']['given']): Promise<Receiving> {
    const hashes = Uint32Array.from(trainingSignals(given.seed), hashSignal);
    const receiving = new Receiving(hashes, new Acknowledger(given.receiver, given.acknowledgePort));
    receiving.#receiver = await signalPaths[given.path].openReceiver(given.network, (signal) =>
      receiving.#take(signal),
    );
    return receiving;
  }

  begin(schedule: Schedule | null): void {
    this.#begun = this.#next;
    this.#received = 0;
    this.#lost = 0;
    this.#disordered = 0;
    this.#corrupt = 0;
    this.#droppedBefore = this.#receiver?.dropped ?? 0;
    this.#cpuBefore = cpuSeconds();
    this.#lastNs = 0;
    this.#schedule = schedule;
    this.#histogram = latencyHistogram();
  }

  /** @param count signals that were published since begin() */
  report(count: number): ReceiverReport {
    const missingAtEnd = this.#begun + count - this.#next;
    this.#next += missingAtEnd;
    return {
      received: this.#received,
      lost: this.#lost + missingAtEnd,
      disordered: this.#disordered,
      corrupt: this.#corrupt,
      dropped: (this.#receiver?.dropped ?? 0) - this.#droppedBefore,
      lastNs: this.#lastNs,
      cpuSeconds: cpuSeconds() - this.#cpuBefore,
      histogram: this.#schedule ? encodeHistogram(this.#histogram) : null,
    };
  }

  #take(signal: TrainingSignal): void {
    const index = indexOfSignal(signal);
    if (hashSignal(signal) !== this.#hashes[index]) {
      this.#corrupt += 1;
      return;
    }
    const cycle = this.#hashes.length;
    const ahead = (index - (this.#next % cycle) + cycle) % cycle;
    if (ahead > cycle / 2) {
      this.#disordered += 1;
      return;
    }
    this.#lost += ahead;
    this.#received += 1;
    this.#lastNs = monotonicNs();
    if (this.#schedule) this.#recordLatency(this.#next + ahead, this.#schedule);
    this.#next += ahead + 1;
    this.#acknowledger.reached(this.#next);
  }

  #recordLatency(position: number, { startNs, signalsPerSecond }: Schedule): void {
    const dueNs = startNs + ((position - this.#begun) * 1e9) / signalsPerSecond;
    recordLatency(this.#histogram, this.#lastNs - dueNs);
  }
}

let receiving: Receiving | undefined;

function open(): Receiving {
  if (receiving) return receiving;
  throw new Error('nothing is open yet');
}

answerQuestions<ReceiverQuestions>({
  open: async (given) => {
    receiving = await Receiving.open(given);
    return null;
  },
  begin: ({ schedule }) => {
    open().begin(schedule);
    return null;
  },
  report: ({ count }) => open().report(count),
});
