/**
 * What the participants of one thread have said and heard in the present stretch. They share it, because a histogram
 * for each of thousands of participants would weigh more than the participants.
 */
import { threadId } from 'node:worker_threads';
import type { Histogram } from 'hdr-histogram-js';
import { encodeHistogram, latencyHistogram, recordLatency } from '../runner/latencyHistogram.js';
import { monotonicNs } from '../runner/monotonicNs.js';
import type { LoadTotals } from './loadWords.js';

type Hearing = 'stored' | 'local' | 'remote';

export class LoadRecorder {
  #stretch = 0;
  #offered = 0;
  #refused: Record<string, number> = {};
  #dueLocal = 0;
  #dueRemote = 0;
  #doubled = 0;
  #counts: Record<Hearing, number> = { stored: 0, local: 0, remote: 0 };
  #lastNs: Record<Hearing, number> = { stored: 0, local: 0, remote: 0 };
  #histograms: Record<Hearing, Histogram> = histograms();

  get stretch(): number {
    return this.#stretch;
  }

  /** Starts anew; the first participant that hears of a stretch does it for all. */
  begin(stretch: number): void {
    if (stretch === this.#stretch) return;
    this.#stretch = stretch;
    this.#offered = 0;
    this.#refused = {};
    this.#dueLocal = 0;
    this.#dueRemote = 0;
    this.#doubled = 0;
    this.#counts = { stored: 0, local: 0, remote: 0 };
    this.#lastNs = { stored: 0, local: 0, remote: 0 };
    this.#histograms = histograms();
  }

  offer(): void {
    this.#offered += 1;
  }

  store(dueNs: number, hearersLocal: number, hearersRemote: number): void {
    this.#dueLocal += hearersLocal;
    this.#dueRemote += hearersRemote;
    this.#record('stored', dueNs);
  }

  refuse(code: string): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
  }

  hear(dueNs: number, isLocal: boolean): void {
    this.#record(isLocal ? 'local' : 'remote', dueNs);
  }

  hearAgain(): void {
    this.#doubled += 1;
  }

  totals(withHistograms: boolean): LoadTotals {
    return {
      threadId,
      offered: this.#offered,
      stored: this.#counts.stored,
      refused: { ...this.#refused },
      dueLocal: this.#dueLocal,
      dueRemote: this.#dueRemote,
      heardLocal: this.#counts.local,
      heardRemote: this.#counts.remote,
      doubled: this.#doubled,
      lastStoredNs: this.#lastNs.stored,
      lastLocalNs: this.#lastNs.local,
      lastRemoteNs: this.#lastNs.remote,
      ...(withHistograms ? { histograms: this.#encodedHistograms() } : {}),
    };
  }

  #encodedHistograms(): Record<Hearing, string> {
    const { stored, local, remote } = this.#histograms;
    return { stored: encodeHistogram(stored), local: encodeHistogram(local), remote: encodeHistogram(remote) };
  }

  #record(hearing: Hearing, dueNs: number): void {
    const nowNs = monotonicNs();
    this.#counts[hearing] += 1;
    this.#lastNs[hearing] = nowNs;
    recordLatency(this.#histograms[hearing], nowNs - dueNs);
  }
}

function histograms(): Record<Hearing, Histogram> {
  return { stored: latencyHistogram(), local: latencyHistogram(), remote: latencyHistogram() };
}
