/**
 * The registry of a node's personas. Each tells it when it is there and how it is doing; others ask it who there is,
 * and hand it training for a persona whose actor they do not know.
 */
import { enqueueActions, setup } from 'xstate';
import {
  type ActorDefinition,
  type ActorEffect,
  type ActorInput,
  type AskToken,
  type DeliveredMessage,
  failure,
} from '../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS, isEventData } from '../runtime/protocol/events.js';
import type { TrainingSignal } from '../runtime/protocol/schemas/training.js';
import type { AcademyMessage } from './academyDaemon.js';
import {
  type Asked,
  actorNames,
  type PersonaManagerQuestions,
  type PersonaReport,
  type personaReported,
  type RoomNotices,
  type SettledAs,
} from './messages.js';
import { anyPersona } from './room/feedbackSignal.js';

export interface PersonaManagerOptions {
  /** Ids of personas that may be running already when the manager is started again. */
  readonly personas?: readonly string[];
}

/** Somebody who waits for the reports of all personas. */
interface Roll {
  readonly ask: AskToken;
  readonly waitingFor: Set<string>;
}

interface InspectionTag {
  readonly personaId: string;
  readonly rollId: number | null;
}

type ManagerEvent =
  | Asked<PersonaManagerQuestions>
  | DeliveredMessage<typeof personaReported, PersonaReport>
  | DeliveredMessage<'personas.inspected', SettledAs<PersonaReport>>;

interface ManagerContext {
  readonly input: ActorInput<PersonaManagerOptions>;
  /** Newest report by persona; changes in place. */
  readonly reports: Map<string, PersonaReport>;
  readonly rolls: Map<number, Roll>;
  /** Of which the last number was given away. */
  readonly rollIds: { last: number };
}

interface Desk extends ManagerContext {
  readonly emit: (effect: ActorEffect) => void;
}

/** More personas than one node runs; beyond it they work but are not listed. */
const personasMax = 10_000;
const inspectDeadlineMs = 1_000;

const machine = setup({
  types: {} as {
    context: ManagerContext;
    events: ManagerEvent;
    input: ActorInput<PersonaManagerOptions>;
    emitted: ActorEffect;
  },
  actions: {
    lookAround: enqueueActions(({ context, enqueue }) => {
      for (const personaId of context.input.options?.personas ?? []) enqueue.emit(inspection(personaId, null));
    }),
    handle: enqueueActions(({ context, event, enqueue }) =>
      handle({ ...context, emit: (effect) => enqueue.emit(effect) }, event),
    ),
  },
}).createMachine({
  id: 'personaManager',
  context: ({ input }) => ({ input, reports: new Map(), rolls: new Map(), rollIds: { last: 0 } }),
  entry: 'lookAround',
  initial: 'serving',
  states: { serving: { on: { '*': { actions: 'handle' } } } },
});

export const personaManager: ActorDefinition = { kind: 'academy-actor', machine, restart: { kind: 'permanent' } };

function handle(desk: Desk, event: ManagerEvent): void {
  switch (event.type) {
    case 'persona.reported':
      return note(desk, event.data);
    case 'personas.list':
      return event.ask && list(desk, event.ask);
    case 'personas.inspected':
      return inspected(desk, event.data);
    case 'persona.updateTraining':
      return updateTraining(desk, event.data.personaId, event.data.signal, event.ask);
    case 'academy.message':
      return event.ask && handlePath(desk, event.data, event.ask);
  }
}

function note({ reports }: Desk, report: PersonaReport): void {
  if (reports.has(report.personaId) || reports.size < personasMax) reports.set(report.personaId, report);
}

// ---- who there is ----

function list(desk: Desk, ask: AskToken): void {
  if (desk.reports.size === 0) return desk.emit({ type: 'reply', ask, result: [] });
  const roll: Roll = { ask, waitingFor: new Set(desk.reports.keys()) };
  const rollId = ++desk.rollIds.last;
  desk.rolls.set(rollId, roll);
  for (const personaId of desk.reports.keys()) desk.emit(inspection(personaId, rollId));
}

function inspection(personaId: string, rollId: number | null): ActorEffect {
  return {
    type: 'ask',
    to: { name: actorNames.participant(personaId) },
    message: { type: 'persona.inspect', data: null },
    deadlineMs: inspectDeadlineMs,
    settles: 'personas.inspected',
    tag: { personaId, rollId } satisfies InspectionTag,
  };
}

function inspected(desk: Desk, { tag, result, error }: SettledAs<PersonaReport>): void {
  const { personaId, rollId } = tag as InspectionTag;
  if (result) note(desk, result);
  // Who is busy is listed as it was; who is gone is not.
  if (error?.code === 'ERR_ACADEMY_ACTOR_STOPPED') desk.reports.delete(personaId);
  const roll = rollId === null ? undefined : desk.rolls.get(rollId);
  if (rollId === null || !roll?.waitingFor.delete(personaId) || roll.waitingFor.size > 0) return;
  desk.rolls.delete(rollId);
  desk.emit({ type: 'reply', ask: roll.ask, result: [...desk.reports.values()] });
}

// ---- training ----

function updateTraining(desk: Desk, personaId: string, signal: TrainingSignal, ask: AskToken | undefined): void {
  const personas = personaId === anyPersona ? [...desk.reports.keys()] : [personaId];
  if (personaId !== anyPersona && !desk.reports.has(personaId)) {
    const error = failure('ERR_ACADEMY_ACTOR_STOPPED', `there is no persona "${personaId}" on this node`);
    if (ask) desk.emit({ type: 'reply', ask, error });
    return;
  }
  const data: RoomNotices['room.signal'] = { roomId: signal.roomId, signal, fromNode: desk.input.nodeId };
  desk.emit({
    type: 'tellMany',
    to: personas.map((id) => ({ name: actorNames.participant(id) })),
    message: { type: 'room.signal', data },
  });
  if (ask) desk.emit({ type: 'reply', ask, result: null });
}

/** `/academy/persona[/{personaId}]`: a training signal, another node's evolution, or nothing, which asks for a report. */
function handlePath(desk: Desk, { rest, payload }: AcademyMessage, ask: AskToken): void {
  const [personaId] = rest;
  if (personaId === undefined) return list(desk, ask);
  if (isEventData('academy.training.signal', payload)) return updateTraining(desk, personaId, payload, ask);
  if (isEventData('academy.persona.evolution', payload)) {
    // It came for this node; whoever should hear it elsewhere hears it from its own node.
    const event = ACADEMY_CHAT_EVENTS.PERSONA_EVOLUTION;
    desk.emit({ type: 'publish', event, data: payload, network: false });
    return desk.emit({ type: 'reply', ask, result: null });
  }
  const report = desk.reports.get(personaId);
  if (payload !== null && payload !== undefined) {
    const error = failure('ERR_ACADEMY_EVENT_INVALID', 'the payload is neither a training signal nor an evolution');
    return desk.emit({ type: 'reply', ask, error });
  }
  if (report) return desk.emit({ type: 'reply', ask, result: report });
  const error = failure('ERR_ACADEMY_ACTOR_STOPPED', `there is no persona "${personaId}" on this node`);
  desk.emit({ type: 'reply', ask, error });
}
