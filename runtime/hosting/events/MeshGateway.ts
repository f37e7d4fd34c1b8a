/** Hands to the mesh what actors have for it, and brings them its answers. */
import { type AcademyErrorCode, toErrorRecord } from '../../protocol/errors.js';
import type { NoticeFrame, PeerFrame } from '../frames.js';
import type { ActorMesh } from './ActorMesh.js';

export class MeshGateway {
  readonly #mesh: ActorMesh;
  readonly #order: (shard: number, frame: PeerFrame) => void;

  constructor(mesh: ActorMesh, order: (shard: number, frame: PeerFrame) => void) {
    this.#mesh = mesh;
    this.#order = order;
  }

  /** What an actor has for the mesh; another notice passes unheeded. */
  receive(frame: NoticeFrame, shard: number): void {
    const mesh = this.#mesh;
    switch (frame[0]) {
      case 'publish':
        return this.#guarded(() => mesh.publish(frame[1]));
      case 'tell-remote':
        return this.#guarded(() => mesh.tellRemote(frame[1], frame[2], frame[3]));
      case 'log':
        return mesh.log(frame[1], frame[2], frame[3], frame[4]);
      case 'execute':
        return this.#answer(shard, frame[1], 'ERR_ACADEMY_COMMAND_FAILED', () =>
          mesh.execute(frame[2], frame[3], frame[4]),
        );
      case 'ask-remote':
        return this.#answer(shard, frame[1], 'ERR_ACADEMY_ASK_FAILED', () =>
          mesh.askRemote(frame[2], frame[3], frame[4], frame[5]),
        );
    }
  }

  /** A mesh that throws is no fault of the actor that spoke, and must not end the thread that listens to a port. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const { code, message } = toErrorRecord(error, 'ERR_ACADEMY_COMMAND_FAILED');
      this.#mesh.log('error', 'mesh', message, { code });
    }
  }

  #answer(shard: number, askId: number, fallback: AcademyErrorCode, work: () => Promise<unknown>): void {
    void Promise.resolve()
      .then(work)
      .then(
        (result) => this.#order(shard, ['reply', askId, result, null]),
        (error: unknown) => this.#order(shard, ['reply', askId, undefined, toErrorRecord(error, fallback)]),
      );
  }
}
