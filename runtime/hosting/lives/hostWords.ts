/**
 * What hosts say to each other about an actor. It goes the way of messages, so that it finds names, keeps the order of
 * what the actor was sent, and is answered by a coded error where nobody is; but no machine ever sees it.
 */
export const hostWords = {
  /** A question that is answered when the actor is gone. Data: 'monitor', 'link' or 'link-back'. */
  watch: 'academy.watch',
  /** Takes the question back. Data: its id. */
  unwatch: 'academy.unwatch',
  /** Stop, when all that waits is handled. */
  stop: 'academy.stop',
} as const;

export function isHostWord(type: unknown): boolean {
  return type === hostWords.watch || type === hostWords.unwatch || type === hostWords.stop;
}
