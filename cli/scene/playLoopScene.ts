/**
 * The self-improvement loop, played for real by two processes that only know each other over the mesh. A persona that
 * lacks a subject is asked about it in a room; what a person thinks of its answers shows the gap; the persona looks for
 * help, examines what another node's persona learnt, adopts it or not, and is measured before and after. Every figure
 * is computed, and nothing of the person's own nodes is touched.
 */
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AcademyError } from '../../index.js';
import {
  type AcademyUserConfig,
  type ImprovementOutcome,
  type ImprovementReport,
  type Random,
  seededRandom,
} from '../library.js';
import { askAndJudge } from './askAndJudge.js';
import { clincItems, type SceneItems } from './clincItems.js';
import { SceneNode } from './SceneNode.js';
import { type GenomeFiles, scrambleGenome } from './scrambleGenome.js';
import { teachLessons } from './teachLessons.js';

export interface LoopSceneOptions {
  /** Picks the subject and the questions. @default drawn */
  readonly seed?: number;
  /** Offer the donor's genome with its numbers scrambled. @default false */
  readonly sabotage?: boolean;
  /** Whether there is anybody who has what is lacking. @default true */
  readonly donor?: boolean;
  readonly onProgress?: (step: string) => void;
  readonly signal?: AbortSignal;
}

export interface LoopSceneResult {
  /** Share of right answers on the held-out questions, before and after. */
  readonly before: number;
  readonly after: number;
  /** Held-out questions; nobody trained on them, and no exam used them. */
  readonly n: number;
  readonly domain: string;
  /** What was adopted, and from which node; null when nothing was. */
  readonly genomeId: string | null;
  readonly fromNode: string | null;
  readonly gain: number;
  /** Whether the adopter told the mesh of its gain. */
  readonly shared: boolean;
  readonly millis: number;
  readonly seed: number;
  /** Whether the loop closed: adopted, measured better by more than 0.1, and shared. */
  readonly closed: boolean;
  /** What became of the attempt, in words. */
  readonly reason: string;
}

const gainThatCounts = 0.1;
const learnerId = 'learner';
const donorId = 'donor';
const sceneRoom = 'scene';
const schoolRoom = 'school';
/** Enough for an exam, which needs 50. */
const questionsAsked = 80;
const pollMs = 50;
/** Far more than any of it takes, even on a machine that is busy. */
const limitsMs = { meeting: 30_000, publication: 30_000, outcome: 30_000 };

const schoolConfig: AcademyUserConfig = {
  rooms: [{ id: schoolRoom, consent: 'academy' }],
  personas: [personaIn(schoolRoom, donorId, 'Donor')],
};
const learnerConfig: AcademyUserConfig = {
  rooms: [{ id: sceneRoom, consent: 'academy' }],
  personas: [personaIn(sceneRoom, learnerId, 'Learner')],
};
const emptyConfig: AcademyUserConfig = { rooms: [{ id: schoolRoom, consent: 'academy' }], personas: [] };

/** @throws AcademyError when a node of the scene does not do its part; the signal's reason when it fires */
export async function playLoopScene(options: LoopSceneOptions = {}): Promise<LoopSceneResult> {
  const seed = options.seed ?? randomInt(2 ** 31);
  const folder = await mkdtemp(join(tmpdir(), 'academy-scene-'));
  const stage = new Stage(folder, seed, options);
  try {
    return await stage.play();
  } finally {
    await stage.clear();
    await rm(folder, { recursive: true, force: true });
  }
}

class Stage {
  readonly #folder: string;
  readonly #seed: number;
  readonly #options: LoopSceneOptions;
  readonly #random: Random;
  readonly #academyId: string;
  /** Of every node that was ever begun, whatever became of it. */
  readonly #starts: Promise<SceneNode>[] = [];
  readonly #startedAt = performance.now();

  constructor(folder: string, seed: number, options: LoopSceneOptions) {
    this.#folder = folder;
    this.#seed = seed;
    this.#options = options;
    this.#random = seededRandom(seed);
    // A fresh one each time: scenes that run side by side do not hear each other.
    this.#academyId = `scene-${randomInt(2 ** 40).toString(36)}`;
  }

  async play(): Promise<LoopSceneResult> {
    const items = await clincItems(this.#random);
    const { donor = true, sabotage = false } = this.#options;
    this.#tell(`the subject is "${items.domain}"; two nodes start`);
    const [first, second] = await Promise.all([
      this.#start('first', learnerConfig),
      this.#start('second', donor && !sabotage ? schoolConfig : emptyConfig),
    ]);
    if (donor)
      await (sabotage ? this.#offerScrambled(second, items) : this.#teachDonor(second, this.#academyId, items));
    await this.#meet(first, second);

    const before = await this.#measure(first, items);
    this.#tell(`before: ${percent(before.accuracy)} right on ${before.n} held-out questions`);
    const questions = items.exam.slice(0, questionsAsked);
    this.#tell(`a person asks ${questions.length} questions in the room and judges each answer`);
    const { signal } = this.#options;
    await askAndJudge({ connection: first.connection, roomId: sceneRoom, personaId: learnerId, questions, signal });
    this.#tell('the learner has seen its gap and looks for help');
    const outcome = await this.#outcome(first, items.domain);
    this.#tell(inWords(outcome));
    const after = await this.#measure(first, items);
    this.#tell(`after: ${percent(after.accuracy)} right on the same ${after.n} questions`);
    return this.#result(items.domain, before, after, outcome);
  }

  /** Ends all nodes, those that are still starting too; afterwards the folder is nobody's. */
  async clear(): Promise<void> {
    const starts = await Promise.allSettled(this.#starts);
    await Promise.all(starts.map((start) => start.status === 'fulfilled' && start.value.stop()));
  }

  #result(domain: string, before: Measure, after: Measure, outcome: ImprovementOutcome): LoopSceneResult {
    const gain = after.accuracy - before.accuracy;
    const adopted = outcome.outcome === 'adopted';
    return {
      before: before.accuracy,
      after: after.accuracy,
      n: after.n,
      domain,
      genomeId: adopted ? outcome.genomeId : null,
      fromNode: adopted ? outcome.fromNode : null,
      gain,
      shared: outcome.shared,
      millis: Math.round(performance.now() - this.#startedAt),
      seed: this.#seed,
      closed: adopted && gain > gainThatCounts && outcome.shared,
      reason: inWords(outcome),
    };
  }

  #start(name: string, config: AcademyUserConfig, academyId = this.#academyId): Promise<SceneNode> {
    const start = this.#startNode(name, config, academyId);
    this.#starts.push(start);
    return start;
  }

  async #startNode(name: string, config: AcademyUserConfig, academyId: string): Promise<SceneNode> {
    const folder = join(this.#folder, name);
    await mkdir(folder);
    return SceneNode.start({
      folder,
      userFolder: this.#folder,
      config: {
        ...config,
        academyId,
        alias: name,
        name: 'Sam',
        participants: [],
        threads: 1,
        // There is one AI in each room: no surer one can come first.
        turnTaking: { holdMsMax: 0, elsewhereHoldMs: 0 },
      },
      signal: this.#options.signal,
    });
  }

  /** The donor learns the subject in its own room, and publishes by itself what that was worth. */
  async #teachDonor(node: SceneNode, academyId: string, { train, exam }: SceneItems): Promise<string> {
    this.#tell(`the donor learns from ${train.length} training signals`);
    const { connection, nodeId } = node;
    await teachLessons({
      connection,
      nodeId,
      academyId,
      roomId: schoolRoom,
      personaId: donorId,
      // First the questions that it keeps for examining itself, so that it can tell what its lessons are worth.
      items: [...exam, ...train],
      signal: this.#options.signal,
    });
    const genomeId = await this.#until('the donor to publish what it has learnt', limitsMs.publication, async () => {
      const stored = (await ask(node, 'genome-manager', 'genome.list', null)) as readonly { id: string }[];
      return stored[0]?.id;
    });
    this.#tell(`the donor has published genome ${genomeId.slice(0, 12)}`);
    return genomeId;
  }

  /** The donor learns in an academy apart, so that its true genome never comes near the learner. */
  async #offerScrambled(node: SceneNode, items: SceneItems): Promise<void> {
    const academyApart = `${this.#academyId}-apart`;
    const apart = await this.#start('apart', schoolConfig, academyApart);
    const genomeId = await this.#teachDonor(apart, academyApart, items);
    const { files } = (await ask(apart, 'genome-manager', 'genome.files', { genomeId })) as { files: GenomeFiles };
    await apart.stop();
    const scrambled = scrambleGenome(files, this.#random);
    await ask(node, 'genome-manager', 'genome.publish', { files: scrambled, personaId: donorId });
    this.#tell('the second node offers it with scrambled layers');
  }

  async #meet(first: SceneNode, second: SceneNode): Promise<void> {
    await this.#until('the nodes to find each other', limitsMs.meeting, async () => {
      const nodes = await first.connection.request('nodes', {});
      return nodes.find(({ nodeId }) => nodeId === second.nodeId);
    });
  }

  async #measure(node: SceneNode, { measure }: SceneItems): Promise<Measure> {
    return (await ask(node, `participant/${learnerId}`, 'persona.measure', { items: measure })) as Measure;
  }

  /** The newest thing that became of the learner's own search for help. */
  #outcome(node: SceneNode, capability: string): Promise<ImprovementOutcome> {
    return this.#until('the learner to look for help', limitsMs.outcome, async () => {
      const loop = `self-improvement/${learnerId}`;
      const report = (await ask(node, loop, 'improvement.inspect', null)) as ImprovementReport;
      if (report.step !== 'watching') return undefined;
      return report.outcomes.filter((outcome) => outcome.capability === capability).at(-1);
    });
  }

  async #until<T>(what: string, limitMs: number, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) {
        throw new AcademyError('ERR_ACADEMY_DEADLINE', `the scene waited ${limitMs / 1000} s for ${what}`, {
          remedy:
            'try again on a machine that is less busy; without multicast on loopback nodes cannot find each other',
        });
      }
      await delay(pollMs);
    }
  }

  #tell(step: string): void {
    this.#options.onProgress?.(step);
  }
}

interface Measure {
  readonly accuracy: number;
  readonly n: number;
}

function ask({ connection }: SceneNode, actor: string, type: string, data: unknown): Promise<unknown> {
  return connection.request('ask', { actor, type, data });
}

function personaIn(room: string, id: string, name: string): NonNullable<AcademyUserConfig['personas']>[number] {
  return { id, name, capabilities: [], knowledge: ['builtin:clinc150'], rooms: [room], rank: 16 };
}

/** An exam's reason begins with its verdict already. */
function inWords({ outcome, reason }: ImprovementOutcome): string {
  return reason.startsWith(outcome) ? reason : `${outcome}: ${reason}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
