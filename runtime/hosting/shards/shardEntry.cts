/**
 * The file that Piscina loads in a worker. Piscina loads with require() first, and Node.js aborts the whole process
 * when a thread is ended while it requires an ES module ("IsGraphAsync must be used on an instantiated module"); a
 * dynamic import may be interrupted. It begins as soon as the thread runs, so that a spare is warm.
 */
const worker: Promise<typeof import('./shardWorker.js', { with: { 'resolution-mode': 'import' }})> = import(
  './shardWorker.js'
);
// A failure is reported by the task that waits for it.
worker.catch(() => {});

/** What a spare does: nothing, but only when all that a shard needs is loaded. */
module.exports.warmUp = async (): Promise<void> => {
  await worker;
};

module.exports.runShard = async (task: unknown): Promise<void> => {
  const { runShard } = await worker;
  await runShard(task as Parameters<typeof runShard>[0]);
};
