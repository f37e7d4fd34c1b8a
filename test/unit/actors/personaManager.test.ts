import t from 'tap';
import type { PersonaReport } from '../../../actors/messages.js';
import { personaManager } from '../../../actors/personaManager.js';
import { correction } from './chatFixtures.js';
import { driveActor, testNode } from './driveActor.js';

const report = (personaId: string, signals = 0): PersonaReport => ({
  personaId,
  capabilities: ['banking'],
  activeGenomes: [],
  signals,
  answersKnown: 4,
  satisfaction: null,
  judged: 0,
  examItems: 0,
});
const gone = { error: { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: 'gone' } };
const busy = { error: { code: 'ERR_ACADEMY_DEADLINE', message: 'busy' } };

t.test('the list has a fresh report of each persona, the last one of who is busy, and not who is gone', async (t) => {
  const manager = driveActor(personaManager, {});
  t.same(manager.question('personas.list')[0]?.result, []);
  for (const id of ['ada', 'bob', 'cat']) manager.send('persona.reported', report(id));
  t.same(manager.question('personas.list'), []);
  t.match(manager.settle('personas.inspected', { result: report('ada', 7) }), {
    to: { name: 'participant/ada' },
    message: { type: 'persona.inspect' },
  });
  manager.settle('personas.inspected', busy);
  manager.settle('personas.inspected', gone);
  t.same(manager.take('reply', ({ ask }) => ask.id === 2)?.result, [report('ada', 7), report('bob')]);
});

t.test('two who ask at once both get their list', async (t) => {
  const manager = driveActor(personaManager, {});
  manager.send('persona.reported', report('ada'));
  manager.question('personas.list');
  manager.question('personas.list');
  for (const signals of [1, 2]) manager.settle('personas.inspected', { result: report('ada', signals) });
  t.same(manager.take('reply', ({ ask }) => ask.id === 1)?.result, [report('ada', 1)]);
  t.same(manager.take('reply', ({ ask }) => ask.id === 2)?.result, [report('ada', 2)]);
});

t.test('started again, it looks for the personas that were there', async (t) => {
  const manager = driveActor(personaManager, { personas: ['ada'] });
  manager.settle('personas.inspected', { result: report('ada') });
  manager.question('personas.list');
  manager.settle('personas.inspected', { result: report('ada') });
  t.same(manager.take('reply')?.result, [report('ada')]);
});

t.test('training reaches the persona that it is for, or all of them, as a signal of its room', async (t) => {
  const manager = driveActor(personaManager, {});
  for (const id of ['ada', 'bob']) manager.send('persona.reported', report(id));
  const signal = correction('what?', 'bank-pin', null);
  t.same(manager.question('persona.updateTraining', { personaId: 'ada', signal })[0]?.result, null);
  t.match(manager.take('tellMany'), {
    to: [{ name: 'participant/ada' }],
    message: { type: 'room.signal', data: { roomId: 'lobby', signal, fromNode: testNode } },
  });
  manager.send('persona.updateTraining', { personaId: '*', signal });
  t.equal(manager.take('tellMany')?.to.length, 2);
  const [unknown] = manager.question('persona.updateTraining', { personaId: 'eve', signal });
  t.equal(unknown?.error?.code, 'ERR_ACADEMY_ACTOR_STOPPED');
});

t.test('messages to /academy/persona: reports, training, and evolutions for the rooms of this node', async (t) => {
  const manager = driveActor(personaManager, {});
  manager.send('persona.reported', report('ada'));
  const ask = (rest: string[], payload: unknown) => manager.question('academy.message', { rest, payload })[0];
  t.same(ask(['ada'], null)?.result, report('ada'));
  t.equal(ask(['eve'], null)?.error?.code, 'ERR_ACADEMY_ACTOR_STOPPED');
  t.equal(ask(['ada'], { forged: true })?.error?.code, 'ERR_ACADEMY_EVENT_INVALID');
  t.same(ask(['ada'], correction('what?', 'bank-pin', null))?.result, null);
  t.ok(manager.take('tellMany'));
  const evolution = {
    personaId: 'ada',
    academyId: 'test-academy',
    roomId: 'lobby',
    evolution: {
      trigger: 'capability_gap',
      beforeCapabilities: [],
      afterCapabilities: ['banking'],
      addedGenomes: ['g'],
      removedLimitations: [],
      improvementScore: 0.3,
      measuredOn: 60,
      evolutionCostBytes: 1,
      evolutionCostMs: 1,
    },
    networkBroadcast: true,
    timestamp: 1,
  };
  t.same(ask(['ada'], evolution)?.result, null);
  t.match(manager.take('publish'), { event: 'academy.persona.evolution', network: false });
  ask([], null);
  manager.settle('personas.inspected', { result: report('ada') });
  t.same(manager.take('reply', (effect) => Array.isArray(effect.result))?.result, [report('ada')]);
});
