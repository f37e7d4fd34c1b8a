/** A peer in one manner as a path for signals. */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import type { SignalNetwork, SignalPath, SignalPublisher } from '../multicast/SignalPath.js';
import type { Peer, PeerPublisher } from './Peer.js';
import { peerPackages } from './peerPackages.js';
import { type Manner, openFraming, type SignalFraming } from './SignalFraming.js';

export function peerPath(peer: Peer, manner: Manner): SignalPath {
  return {
    pacing: 'own',

    async openPublisher(network) {
      const load = peerPackages(folderOf(network));
      const framing = await openFraming(manner, peer.messages, load);
      return new FramedPublisher(await peer.openPublisher(network, load), framing);
    },

    async openReceiver(network, onSignal) {
      const load = peerPackages(folderOf(network));
      const framing = await openFraming(manner, peer.messages, load);
      let dropped = 0;
      const receiver = await peer.openReceiver(network, load, (message) => {
        try {
          framing.decode(message, onSignal);
        } catch {
          dropped += 1;
        }
      });
      return {
        get dropped() {
          return dropped;
        },
        close: () => receiver.close(),
      };
    },
  };
}

function folderOf({ peersFolder }: SignalNetwork): string {
  if (peersFolder) return peersFolder;
  throw new Error('the folder of the peers is not known');
}

/** Sends a batch when it is full, and at the end of the event loop's turn what there is of it. */
class FramedPublisher implements SignalPublisher {
  readonly refused = 0;
  readonly #peer: PeerPublisher;
  readonly #framing: SignalFraming;
  readonly #batch: TrainingSignal[] = [];
  #endOfTurn: NodeJS.Immediate | undefined;

  constructor(peer: PeerPublisher, framing: SignalFraming) {
    this.#peer = peer;
    this.#framing = framing;
  }

  publish(signal: TrainingSignal): boolean {
    if (this.#peer.isFull) return false;
    this.#batch.push(signal);
    if (this.#batch.length >= this.#framing.signalsPerMessage) this.#send();
    else this.#endOfTurn ??= setImmediate(() => this.#sendRest());
    return true;
  }

  ready(): Promise<void> {
    return this.#peer.ready();
  }

  async flush(): Promise<void> {
    while (this.#batch.length > 0) {
      if (this.#peer.isFull) await this.#peer.ready();
      else this.#send();
    }
    await this.#peer.flush();
  }

  whenHeard(): Promise<void> {
    return this.#peer.whenHeard();
  }

  close(): Promise<void> {
    clearImmediate(this.#endOfTurn);
    return this.#peer.close();
  }

  #send(): void {
    const message = this.#framing.encode(this.#batch);
    this.#batch.length = 0;
    this.#peer.send(message);
  }

  #sendRest(): void {
    this.#endOfTurn = undefined;
    if (this.#batch.length === 0) return;
    // Full: the rest waits for the next turn, and grows meanwhile to a whole batch at the most.
    if (this.#peer.isFull) this.#endOfTurn = setImmediate(() => this.#sendRest());
    else this.#send();
  }
}
