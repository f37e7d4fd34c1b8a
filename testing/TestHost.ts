/** What hosts the actors of a test: TestActors in virtual time, TestShards on worker threads. */
import type { ActorSystem } from '../runtime/hosting/ActorSystem.js';
import type { ActorReference } from '../runtime/protocol/actors.js';
import type { AnswerOf, DataOf, QuestionType, ReferenceTo } from '../runtime/protocol/contract.js';
import type { Probe } from './Probe.js';
import type { RecordingMesh } from './RecordingMesh.js';
import type { TestTime } from './TestTime.js';

export interface TestHost {
  readonly system: ActorSystem;
  readonly time: TestTime;
  readonly mesh: RecordingMesh;
  probe(name?: string): Probe;
  ask<C, T extends QuestionType<C>>(
    to: ReferenceTo<C>,
    type: T,
    data: DataOf<C, T>,
    options?: { readonly deadlineMs?: number },
  ): Promise<AnswerOf<C, T>>;
  crash(target: ActorReference, message?: string): void;
  close(): Promise<void>;
}
