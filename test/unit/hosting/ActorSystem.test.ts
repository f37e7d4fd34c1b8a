/** The promises of an actor system, with all actors in the main thread. */
import { actorSystemContract } from '../../hosting/actorSystem.contract.js';

actorSystemContract('in the main thread', 0);
