/**
 * The reference that a machine without an XState actor gets as `self`. It can be kept and used later: to send the
 * machine events, and to look at its state. It is no whole actor: there is nothing to subscribe to.
 */
import type { AnyEventObject } from 'xstate';
import { AcademyError } from '../../protocol/errors.js';
import type { MachineRun } from './MachineTier.js';

export interface SelfPort<R extends MachineRun> {
  readonly logic: unknown;
  /** What the machine sends itself: after the step that it is in, or else at once. */
  sendToSelf(run: R, event: AnyEventObject): void;
  /** As of the last step that was taken; undefined before the first. */
  liveSnapshot(run: R): unknown;
  snapshot(run: R): unknown;
}

/** A machine without children knows nobody by an id of its system. */
export const emptySystem = {
  get: (_id: string): undefined => undefined,
  getAll: (): Record<string, never> => ({}),
  inspect: (): never => refuse('system.inspect'),
};

export class MachineSelf<R extends MachineRun = MachineRun> {
  readonly id: string;
  readonly sessionId: string;
  readonly src: unknown;
  readonly system = emptySystem;
  /** Bound, because it is passed on as a function. */
  readonly send: (event: AnyEventObject) => void;
  readonly #port: SelfPort<R>;
  readonly #run: R;

  constructor(port: SelfPort<R>, run: R) {
    this.id = run.owner.name;
    this.sessionId = `academy:${run.owner.name}`;
    this.src = port.logic;
    this.#port = port;
    this.#run = run;
    this.send = (event) => port.sendToSelf(run, event);
  }

  get ref(): this {
    return this;
  }

  /** Where XState looks for the target of sendParent. */
  get _parent(): unknown {
    return this.#run.owner.parent;
  }

  getSnapshot(): unknown {
    return this.#port.liveSnapshot(this.#run);
  }

  getPersistedSnapshot(): unknown {
    return this.#port.snapshot(this.#run);
  }

  toJSON(): unknown {
    return { xstate$$type: 1, id: this.id };
  }

  subscribe(): never {
    return refuse('self.subscribe');
  }

  on(): never {
    return refuse('self.on');
  }

  select(): never {
    return refuse('self.select');
  }

  start(): never {
    return refuse('self.start');
  }

  stop(): never {
    return refuse('self.stop');
  }
}

/** For what the analysis of the machine could not see. */
export function refuse(feature: string): never {
  throw new AcademyError('ERR_ACADEMY_MACHINE_UNSUPPORTED', `${feature} needs the full tier`, {
    remedy: `call it where the analysis sees it, in the machine's own functions: then the machine runs as a full actor`,
  });
}
