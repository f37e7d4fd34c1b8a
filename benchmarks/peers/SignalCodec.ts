/** The codec of the mesh as peers are given it: a batch of signals to bytes and back. */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import type { LoadPackage } from './Peer.js';
import type { Msgpackr } from './SignalFraming.js';

export interface SignalCodec {
  /** @returns bytes that are the caller's; `from` is the first signal, `to` the one after the last */
  encodeBatch(signals: readonly TrainingSignal[], from: number, to: number): Uint8Array;
  decodeBatch(bytes: Uint8Array, onSignal: (signal: TrainingSignal) => void): void;
}

const outerKeys = [
  'personaId',
  'academyId',
  'roomId',
  'sessionId',
  'messageId',
  'judge',
  'signal',
  'propagateToNetwork',
  'timestamp',
];
const innerKeys = [
  'type',
  'value',
  'category',
  'source',
  'inputContext',
  'expectedBehavior',
  'actualBehavior',
  'improvementSuggestion',
];

/** Stands in for the fixed layout: the fastest that msgpackr does, with structures that both sides know beforehand. */
export async function openSignalCodec(load: LoadPackage): Promise<SignalCodec> {
  const { Packr } = await load<Msgpackr>('msgpackr');
  const packr = new Packr({ structures: [outerKeys, innerKeys] });
  return {
    encodeBatch: (signals, from, to) =>
      packr.pack(from === 0 && to === signals.length ? signals : signals.slice(from, to)),
    decodeBatch: (bytes, onSignal) => {
      for (const signal of packr.unpack(bytes) as TrainingSignal[]) onSignal(signal);
    },
  };
}
