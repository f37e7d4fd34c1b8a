/**
 * What `academy up` does: starts a node, says who hears the person and where the data live, serves the control socket,
 * and becomes the chat, or plays the scene, until a signal or `academy stop`. Then nothing is left behind.
 */
import { type AcademyNode, createAcademyNode } from '../index.js';
import { runTerminalChat } from './chat/runTerminalChat.js';
import { connectToFolder } from './control/connectToNode.js';
import { createControlHandler } from './control/createControlHandler.js';
import { Interruption } from './Interruption.js';
import { type AcademyUserConfig, ControlServer } from './library.js';
import { NodeTeller } from './NodeTeller.js';
import type { Output } from './Output.js';
import { type ConfigurationChoice, readConfiguration } from './readConfiguration.js';
import { renderBanner } from './renderBanner.js';
import { seatIdOf, seatOfPerson } from './seatOfPerson.js';
import { withoutLmdbStacks } from './withoutLmdbStacks.js';

type NodeInfo = ReturnType<AcademyNode['nodes']>[number];

export interface RunNodeOptions {
  readonly output: Output;
  readonly choice: ConfigurationChoice;
  readonly flags: AcademyUserConfig;
  /** Whether to become the chat: somebody sits in front of it. */
  readonly chat: boolean;
  /** Whether to play the scene first: nobody does. */
  readonly scene: boolean;
  /** Whether to load participants again when their files are saved. */
  readonly watch: boolean;
}

/** Resolves when the node has ended cleanly, during its start too. */
export async function runNode(options: RunNodeOptions): Promise<void> {
  const { output } = options;
  // From the first moment: a signal during the start must not leave a thread or a lock.
  const interruption = new Interruption();
  const closers: (() => unknown)[] = [() => interruption.dispose(), endWithParent(interruption), withoutLmdbStacks()];
  try {
    await startAndServe(options, interruption, closers);
    output.event({ event: 'stopping' }, 'Ending …');
  } catch (thrown) {
    if (thrown !== interruption.signal.reason) throw thrown;
    output.event({ event: 'stopping' }, 'Ending before it was ready …');
  } finally {
    // Back to front; one that fails does not keep the others from closing.
    const faults: unknown[] = [];
    for (const close of closers.reverse()) {
      try {
        await close();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) output.progress(`It did not end cleanly: ${faults.map(String).join('; ')}`);
  }
}

/**
 * Resolves when the node is to end.
 * @throws the reason of the interruption's signal when it fires during the start
 */
async function startAndServe(
  { output, choice, flags, chat, scene, watch }: RunNodeOptions,
  interruption: Interruption,
  closers: (() => unknown)[],
): Promise<void> {
  const { signal } = interruption;
  const teller = new NodeTeller(output);
  const { config, dataFolder } = await readConfiguration(choice, flags);
  // A name that makes no seat is told before anything is opened.
  seatIdOf(config.name);
  const node = await createAcademyNode({
    ...config,
    data: dataFolder,
    onProgress: (step) => output.progress(`… ${step}`),
    onWarning: (warning) =>
      output.json ? output.event({ event: 'warning', warning }, '') : output.progress(`! ${warning}`),
    signal,
    ...(watch ? { onReload: (report) => teller.reload(report) } : {}),
  });
  closers.push(() => node.stop());
  teller.supervision(node.supervision);
  if (config.supervision.escalation === 'stop') node.supervision.on('escalated', () => interruption.end());
  const rooms = config.rooms.map(({ id }) => id);
  const person = await node.person(seatOfPerson(config.name, await participantsOf(node)), rooms);
  // The answer to the call goes out first.
  const stop = (): void => void setImmediate(() => interruption.end());
  const handler = createControlHandler({ node, person, rooms, stop });
  const server = new ControlServer({ folder: dataFolder, handler });
  await server.start();
  closers.push(() => server.stop());
  signal.throwIfAborted();
  await tellReady(node, output);
  if (chat) {
    await talk(dataFolder, output, teller, interruption);
  } else {
    closers.push(tellNodes(node, output));
    if (scene) await playScene(output, signal);
    await interrupted(signal);
  }
}

/**
 * Nodes that come and go while nobody chats: the banner knows only those who were found until then. In the chat the
 * rooms tell of their members.
 * @returns what ends the telling
 */
function tellNodes({ discovery }: AcademyNode, output: Output): () => void {
  const tell = (event: 'node-joined' | 'node-left', { nodeId, alias }: NodeInfo, text: string): void =>
    output.event({ event, nodeId, alias }, text);
  const onDiscovered = (info: NodeInfo): void =>
    tell('node-joined', info, `→ node ${info.alias} (${info.network.host}) is here`);
  const onLost = (info: NodeInfo): void => tell('node-left', info, `← node ${info.alias} has gone`);
  discovery.events.on('discovered', onDiscovered).on('lost', onLost);
  return () => discovery.events.off('discovered', onDiscovered).off('lost', onLost);
}

/**
 * A program that starts a node with an IPC channel owns it: when it goes, however it goes, the node ends.
 * @returns what lets go of the channel, which would keep the process alive
 */
function endWithParent(interruption: Interruption): () => void {
  const onDisconnect = (): void => interruption.end();
  if (process.connected) process.once('disconnect', onDisconnect);
  return () => {
    process.off('disconnect', onDisconnect);
    if (process.connected) process.disconnect();
  };
}

/** Ids of those who sit on the node before its person does. */
async function participantsOf(node: AcademyNode): Promise<ReadonlySet<string>> {
  const prefix = 'participant/';
  const names = (await node.tree()).map(({ name }) => name);
  return new Set(names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)));
}

async function tellReady(node: AcademyNode, output: Output): Promise<void> {
  // Since the process began, what a person has waited for.
  const readyMs = Math.round(performance.now());
  const rooms = await node.rooms();
  output.event(
    {
      event: 'ready',
      readyMs,
      nodeId: node.nodeId,
      alias: node.alias,
      academyId: node.academyId,
      dataFolder: node.dataFolder,
      pid: process.pid,
      rooms: rooms.map(({ roomId, consent, members }) => ({ roomId, consent, members: members.map(({ id }) => id) })),
    },
    renderBanner({ node, rooms, readyMs, style: (style, text) => output.style(style, text) }),
  );
}

async function talk(dataFolder: string, output: Output, teller: NodeTeller, interruption: Interruption): Promise<void> {
  await runTerminalChat({
    connection: connectToFolder(dataFolder),
    input: process.stdin,
    output: process.stdout,
    style: (style, text) => output.style(style, text),
    signal: interruption.signal,
    onScreen: (print) => teller.showOn(print),
  });
}

async function playScene(output: Output, signal: AbortSignal): Promise<void> {
  const { playLoopScene } = await import('./scene/playLoopScene.js');
  const { renderSceneResult } = await import('./scene/renderSceneResult.js');
  try {
    const result = await playLoopScene({ onProgress: (step) => output.progress(`scene: ${step}`), signal });
    output.event({ event: 'scene', ...result }, renderSceneResult(result));
  } catch (thrown) {
    // The node serves on: the scene is a guest here.
    if (!signal.aborted) output.error(thrown);
  }
}

function interrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
