/** What the talk between the project's actors needs of where they live: one thread, or several. */
import type { ActorAddress, ActorMessage } from '../../runtime/protocol/actors.js';

export interface ActorWorld {
  tell(to: ActorAddress, message: ActorMessage): void;
  ask(to: ActorAddress, message: ActorMessage): Promise<unknown>;
}
