/** A process that receives: it reads every field of every signal, and checks that it is the one that was due. */
import type { Histogram } from 'hdr-histogram-js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { cpuSeconds } from '../runner/cpuSeconds.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import { encodeHistogram, latencyHistogram, recordLatency } from '../runner/latencyHistogram.js';
import { monotonicNs } from '../runner/monotonicNs.js';
import { Acknowledger } from './AckWindow.js';
import type { ReceiverQuestions, ReceiverReport, Schedule } from './questions.js';
import { SignalCheck } from './SignalCheck.js';
import type { SignalReceiver } from './SignalPath.js';
import { openSignalPath } from './signalPaths.js';
import { trainingSignals } from './trainingSignals.js';

/** Nothing has come for so long: what is missing will not come. */
const quietMs = 3_000;
const pollMs = 100;

class Receiving {
  readonly #check: SignalCheck;
  readonly #acknowledger: Acknowledger | null;
  #receiver: SignalReceiver | undefined;
  /** Position in the stream at which the stretch began, and the one after its last signal. */
  #begun = 0;
  #end = 0;
  #droppedBefore = 0;
  #cpuBefore = 0;
  #cpuAtEnd = 0;
  #lastNs = 0;
  #schedule: Schedule | null = null;
  #histogram: Histogram = latencyHistogram();
  #onEnd: () => void = () => {};

  private constructor(check: SignalCheck, acknowledger: Acknowledger | null) {
    this.#check = check;
    this.#acknowledger = acknowledger;
  }

  static async open(given: ReceiverQuestions['open']['given']): Promise<Receiving> {
    const { acknowledgePort, receiver } = given;
    const acknowledger = acknowledgePort === null ? null : new Acknowledger(receiver, acknowledgePort);
    const receiving = new Receiving(new SignalCheck(trainingSignals(given.seed)), acknowledger);
    const path = await openSignalPath(given.path);
    receiving.#receiver = await path.openReceiver(given.network, (signal) => receiving.#take(signal));
    return receiving;
  }

  begin(count: number, schedule: Schedule | null): void {
    this.#check.restart();
    this.#begun = this.#check.next;
    this.#end = this.#begun + count;
    this.#droppedBefore = this.#receiver?.dropped ?? 0;
    this.#lastNs = 0;
    this.#schedule = schedule;
    this.#histogram = latencyHistogram();
    this.#cpuBefore = cpuSeconds();
    this.#cpuAtEnd = 0;
  }

  async report(): Promise<ReceiverReport> {
    await this.#allOrQuiet();
    const check = this.#check;
    check.giveUpTo(this.#end);
    return {
      received: check.received,
      lost: check.lost,
      disordered: check.disordered,
      corrupt: check.corrupt,
      dropped: (this.#receiver?.dropped ?? 0) - this.#droppedBefore,
      lastNs: this.#lastNs,
      cpuSeconds: (this.#cpuAtEnd || cpuSeconds()) - this.#cpuBefore,
      histogram: this.#schedule ? encodeHistogram(this.#histogram) : null,
    };
  }

  #take(signal: TrainingSignal): void {
    const position = this.#check.take(signal);
    if (position < 0) return;
    const next = position + 1;
    if (this.#schedule) this.#recordLatency(position, this.#schedule);
    // The clock costs as much as a hash; without latencies one reading in 64 does.
    else if (next === this.#end || next % 64 === 0) this.#lastNs = monotonicNs();
    this.#acknowledger?.reached(next);
    if (next === this.#end) {
      this.#cpuAtEnd = cpuSeconds();
      this.#onEnd();
    }
  }

  #recordLatency(position: number, { startNs, signalsPerSecond }: Schedule): void {
    this.#lastNs = monotonicNs();
    const dueNs = startNs + ((position - this.#begun) * 1e9) / signalsPerSecond;
    recordLatency(this.#histogram, this.#lastNs - dueNs);
  }

  #allOrQuiet(): Promise<void> {
    if (this.#check.next >= this.#end) return Promise.resolve();
    return new Promise((resolve) => {
      let known = this.#check.next;
      let polls = 0;
      const poll = setInterval(() => {
        polls = this.#check.next === known ? polls + 1 : 0;
        known = this.#check.next;
        if (polls * pollMs >= quietMs) this.#onEnd();
      }, pollMs);
      this.#onEnd = () => {
        clearInterval(poll);
        this.#onEnd = () => {};
        resolve();
      };
    });
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
  begin: ({ count, schedule }) => {
    open().begin(count, schedule);
    return null;
  },
  report: () => open().report(),
});
