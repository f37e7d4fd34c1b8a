/** One life of a host in a simulation: its time, its turns and its way out, of which nothing is left when it is over. */
import type { ActorMesh } from '../runtime/hosting/events/ActorMesh.js';
import type { Clock } from '../runtime/protocol/Clock.js';
import type { Simulation } from './Simulation.js';

export class HostLife {
  readonly clock: Clock;
  readonly mesh: ActorMesh;
  readonly #simulation: Simulation;
  #isOver = false;

  constructor(simulation: Simulation, mesh: ActorMesh) {
    this.#simulation = simulation;
    const { clock } = simulation;
    this.clock = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      setTimeout: (callback, delayMs) => clock.setTimeout(this.whileItLasts(callback), delayMs),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    };
    this.mesh = {
      publish: this.whileItLasts((event) => mesh.publish(event)),
      tellRemote: this.whileItLasts((node, name, message) => mesh.tellRemote(node, name, message)),
      log: this.whileItLasts((level, actor, text, fields) => mesh.log(level, actor, text, fields)),
      execute: (endpoint, payload, deadlineMs) => mesh.execute(endpoint, payload, deadlineMs),
      askRemote: (node, name, message, deadlineMs) => mesh.askRemote(node, name, message, deadlineMs),
    };
  }

  readonly defer = (turn: () => void): void => this.#simulation.defer(this.whileItLasts(turn));

  /** What does nothing any more when the life is over. */
  whileItLasts<A extends unknown[]>(act: (...given: A) => void): (...given: A) => void {
    return (...given) => {
      if (!this.#isOver) act(...given);
    };
  }

  end(): void {
    this.#isOver = true;
  }
}
