/** The process of one node of the load benchmark: an ordinary node, whose participants talk as they are told. */
import { rmSync } from 'node:fs';
import { type AcademyNode, createAcademyNode } from '../../index.js';
import { actorNames } from '../../runtime/protocol/actorNames.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import { cpuSeconds } from '../runner/cpuSeconds.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import type { PlannedParticipant } from './loadPlan.js';
import type { LoadNodeQuestions, LoadNodeReport, LoadSpeakerOptions, LoadStretch, LoadTotals } from './loadWords.js';

const module = new URL('./loadParticipant.js', import.meta.url);
/** Participants that are seated at a time. */
const seatsAtOnce = 100;
const faultsKept = 20;
const totalsDeadlineMs = 30_000;

class LoadNode {
  readonly #node: AcademyNode;
  readonly #participants: readonly PlannedParticipant[];
  readonly #faults: string[] = [];
  readonly #troubles: string[] = [];
  /** One participant of each thread, which answers for all of that thread. */
  #spokesmen: readonly string[] = [];
  #cpuBefore = 0;

  private constructor(node: AcademyNode, participants: readonly PlannedParticipant[]) {
    this.#node = node;
    this.#participants = participants;
    node.supervision.on('actor-restarted', ({ name, error }) => this.#broke(name, `crashed: ${error?.message}`));
    node.supervision.on('actor-failed', ({ name, error }) => this.#broke(name, `was given up: ${error?.message}`));
    node.supervision.on('shard-down', ({ shard, cause }) => this.#faults.push(`thread ${shard} went down: ${cause}`));
  }

  static async start(given: LoadNodeQuestions['start']['given']): Promise<LoadNode> {
    const node = await createAcademyNode({
      academyId: given.academyId,
      alias: given.alias,
      data: given.dataFolder,
      udp: { port: given.udpPort },
      rooms: [],
      personas: [],
      participants: [],
      log: { level: 'error' },
    });
    const load = new LoadNode(node, given.participants);
    await load.#seat(given.seed);
    return load;
  }

  get nodeId(): string {
    return this.#node.nodeId;
  }

  get nodesKnown(): number {
    return this.#node.nodes().length;
  }

  talk(stretch: LoadStretch): void {
    this.#cpuBefore = cpuSeconds();
    for (const { id } of this.#participants) {
      this.#node.tell({ name: actorNames.participant(id) }, 'load.talk', stretch);
    }
  }

  totals(histograms = false): Promise<LoadTotals[]> {
    return Promise.all(this.#spokesmen.map((name) => this.#ask(name, histograms)));
  }

  async report(): Promise<LoadNodeReport> {
    const cpu = cpuSeconds() - this.#cpuBefore;
    return {
      nodeId: this.#node.nodeId,
      participants: this.#participants.length,
      threads: await this.totals(true),
      cpuSeconds: cpu,
      rssBytes: process.memoryUsage.rss(),
      faults: this.#faults,
      troubles: this.#troubles,
    };
  }

  stop(): Promise<void> {
    return this.#node.stop();
  }

  async #seat(seed: number): Promise<void> {
    for (let first = 0; first < this.#participants.length; first += seatsAtOnce) {
      const batch = this.#participants.slice(first, first + seatsAtOnce);
      await Promise.all(batch.map((plan) => this.#seatOne(plan, seed)));
    }
    const byThread = new Map<number, string>();
    for (const { id } of this.#participants) {
      const name = actorNames.participant(id);
      const { threadId } = await this.#ask(name, false);
      byThread.set(threadId, name);
    }
    this.#spokesmen = [...byThread.values()];
  }

  #ask(name: string, histograms: boolean): Promise<LoadTotals> {
    const totals = this.#node.ask(name, 'load.totals', { histograms }, { deadlineMs: totalsDeadlineMs });
    return totals as Promise<LoadTotals>;
  }

  async #seatOne(plan: PlannedParticipant, seed: number): Promise<void> {
    const participant: ChatParticipant = { id: plan.id, name: plan.id, type: 'human' };
    const options: LoadSpeakerOptions = { participant, plan, seed };
    const source = { module: module.href, exportName: 'loadParticipant' };
    await this.#node.spawn(source, { id: plan.id, name: plan.id, rooms: [plan.roomId], options });
  }

  /** A participant takes its counts and its schedule with it; what else breaks is a finding. */
  #broke(name: string, how: string): void {
    const list = name.startsWith(actorNames.participant('')) ? this.#faults : this.#troubles;
    if (list.length < faultsKept) list.push(`${name} ${how}`);
  }
}

let started: LoadNode | undefined;
let runFolder: string | undefined;

function node(): LoadNode {
  if (started) return started;
  throw new Error('the node has not been started');
}

answerQuestions<LoadNodeQuestions>(
  {
    start: async (given) => {
      runFolder = given.runFolder;
      started = await LoadNode.start(given);
      return started.nodeId;
    },
    nodes: () => node().nodesKnown,
    talk: (stretch) => {
      node().talk(stretch);
      return null;
    },
    totals: () => node().totals(),
    report: () => node().report(),
    stop: async () => {
      await node().stop();
      return null;
    },
  },
  async () => {
    // The parent removes the folder itself, unless it was killed.
    try {
      await started?.stop();
    } finally {
      if (runFolder) rmSync(runFolder, { recursive: true, force: true });
    }
  },
);
