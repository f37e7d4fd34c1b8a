/**
 * What a message holds, in each of three manners: one signal, encoded as the peer's users do; a batch of 128, the same
 * users' next step when that is too slow; or a batch of 200 in the codec of the mesh, so that only the transport
 * differs. Decoding throws on what is no such message.
 */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { bytesOf, type LoadPackage, type Peer, type PeerMessage } from './Peer.js';
import { SignalCodec } from './SignalCodec.js';

export const manners = ['used', 'batched', 'codec'] as const;
export type Manner = (typeof manners)[number];

export interface SignalFraming {
  readonly signalsPerMessage: number;
  encode(signals: readonly TrainingSignal[]): PeerMessage;
  decode(message: PeerMessage, onSignal: (signal: TrainingSignal) => void): void;
}

/** The part of msgpackr that is used. */
export interface Msgpackr {
  readonly Packr: new (options: {
    readonly useRecords: boolean;
  }) => { pack(value: unknown): Buffer; unpack(bytes: Uint8Array): unknown };
}

const signalsPerBatch = 128;
const signalsPerCodecBatch = 200;

export function openFraming(manner: Manner, messages: Peer['messages'], load: LoadPackage): Promise<SignalFraming> {
  if (manner === 'codec') return Promise.resolve(codecFraming());
  if (manner === 'batched') return msgpackrBatches(load);
  return messages === 'msgpackr' ? msgpackrSignals(load) : Promise.resolve(messages === 'json' ? jsonSignals : objects);
}

const jsonSignals: SignalFraming = {
  signalsPerMessage: 1,
  encode: ([signal]) => JSON.stringify(signal),
  decode: (message, onSignal) => {
    const text = typeof message === 'string' ? message : textOf(bytesOf(message));
    onSignal(JSON.parse(text) as TrainingSignal);
  },
};

/** The peer encodes by itself. */
const objects: SignalFraming = {
  signalsPerMessage: 1,
  encode: ([signal]) => signal as TrainingSignal,
  decode: (message, onSignal) => onSignal(message as TrainingSignal),
};

async function msgpackrSignals(load: LoadPackage): Promise<SignalFraming> {
  const { Packr } = await load<Msgpackr>('msgpackr');
  const packr = new Packr({ useRecords: false });
  return {
    signalsPerMessage: 1,
    // The packed bytes lie in a buffer that msgpackr does not write again, so a peer may hold them.
    encode: ([signal]) => packr.pack(signal),
    decode: (message, onSignal) => onSignal(packr.unpack(bytesOf(message)) as TrainingSignal),
  };
}

/** With records: each batch states the shape of its signals once, and is still complete in itself. */
async function msgpackrBatches(load: LoadPackage): Promise<SignalFraming> {
  const { Packr } = await load<Msgpackr>('msgpackr');
  const packr = new Packr({ useRecords: true });
  return {
    signalsPerMessage: signalsPerBatch,
    encode: (signals) => packr.pack(signals),
    decode: (message, onSignal) => {
      for (const signal of packr.unpack(bytesOf(message)) as TrainingSignal[]) onSignal(signal);
    },
  };
}

function codecFraming(): SignalFraming {
  const codec = new SignalCodec();
  return {
    signalsPerMessage: signalsPerCodecBatch,
    encode: (signals) => codec.encodeBatch(signals, 0, signals.length),
    decode: (message, onSignal) => codec.decodeBatch(bytesOf(message), onSignal),
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
