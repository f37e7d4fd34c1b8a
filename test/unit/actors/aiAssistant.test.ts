import t from 'tap';
import { type AIAssistantOptions, aiAssistant, retrievalModel } from '../../../actors/aiAssistant.js';
import type { ModelAdapterReference, ModelContext } from '../../../actors/ModelAdapter.js';
import type { SendMessageParams } from '../../../runtime/protocol/schemas/commands.js';
import { chatMessage, correction } from './chatFixtures.js';
import { type DrivenActor, driveActor } from './driveActor.js';
import { smallPack } from './learntGenome.js';

const participant = { id: 'guide', name: 'Guide', type: 'ai_assistant' } as const;
const models = import.meta.url;
const model = (exportName: string, options?: unknown): ModelAdapterReference => ({
  module: models,
  exportName,
  options,
});

// ---- models that this file exports, as a user's module would ----

const heard: unknown[] = [];
const finish: ((text: string) => void)[] = [];

export const parrot = (name: unknown) => ({
  name: String(name),
  respond: async ({ question, room }: ModelContext) => ({
    text: `${String(name)}: ${question} (${room.conversationHistory.length})`,
    confidence: 0.9,
  }),
  learn: (signal: unknown) => heard.push(signal),
});
export const slow = () => ({
  name: 'slow',
  respond: () => new Promise((resolve) => finish.push((text) => resolve({ text, confidence: 1 }))),
});
export const broken = () => ({
  name: 'broken',
  respond: () => {
    throw new Error('out of ideas');
  },
});
export const unsure = () => ({ name: 'unsure', respond: async () => ({ text: 'perhaps', confidence: 0.1 }) });
export const noModel = () => ({ name: 'nothing' });
export const failing = () => {
  throw new Error('no key');
};

// ----

/** Models answer in promises, which need real turns of the event loop. */
async function until<T>(find: () => T | undefined): Promise<T> {
  for (let turn = 0; turn < 2_000; turn++) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not happen');
}

async function attending(options: Partial<AIAssistantOptions> = {}): Promise<DrivenActor> {
  const actor = driveActor(aiAssistant, { participant, adapter: retrievalModel(smallPack), ...options });
  await until(() => (actor.state() === '"attending"' ? true : undefined));
  actor.send('room.joined', { roomId: 'lobby', members: [participant], consent: 'academy', recent: [] });
  return actor;
}

function ask(actor: DrivenActor, text: string, changes: Parameters<typeof chatMessage>[1] = {}) {
  const message = chatMessage(text, changes);
  actor.send('room.message', { roomId: message.roomId, message });
  return message;
}
const said = (actor: DrivenActor): SendMessageParams | undefined =>
  actor.take('tell', ({ message }) => message.type === 'chat.send-message')?.message.data as
    | SendMessageParams
    | undefined;
const thinking = (actor: DrivenActor): number | undefined =>
  (actor.question('assistant.inspect')[0]?.result as { thinking: number } | undefined)?.thinking;
const idle = (actor: DrivenActor) => until(() => (thinking(actor) === 0 ? true : undefined));

t.test('it answers with the entry that a question resembles most, and with nothing when none does', async (t) => {
  const actor = await attending();
  const message = ask(actor, '@guide I want to borrow money');
  t.match(await until(() => said(actor)), {
    roomId: 'lobby',
    participantId: 'guide',
    text: 'Under Loans.',
    answerId: 'bank-loan',
    replyTo: message.messageId,
    metadata: { aiGenerated: true, participantType: 'ai_assistant' },
  });
  ask(actor, 'zzgrth kwpl');
  await idle(actor);
  t.notOk(said(actor));
  actor.stop();
});

t.test('what is said while the first model loads is answered afterwards', async (t) => {
  const actor = driveActor(aiAssistant, { participant, adapter: model('parrot', 'first') });
  ask(actor, 'hello');
  t.equal(actor.state(), '"loading"');
  t.match((await until(() => said(actor))).text, 'first: hello (1)');
  actor.stop();
});

t.test('its model is exchanged while it runs, and the room sees no change but the answers', async (t) => {
  const actor = await attending({ adapter: model('parrot', 'old') });
  actor.question('assistant.swap-model', model('parrot', 'new'));
  t.equal(actor.state(), '"swapping"');
  ask(actor, 'one');
  t.match(await until(() => said(actor)), { text: 'old: one (1)' }, 'the old one answers until the new one is there');
  t.same((await until(() => actor.take('reply', (reply) => reply.result !== undefined)))?.result, { model: 'new' });
  ask(actor, 'two');
  t.match(await until(() => said(actor)), { text: 'new: two (2)' }, 'and the new one knows what was said before');
  t.notOk(
    actor.take('tell', ({ message }) => /join|leave/.test(message.type)),
    'nobody left or joined',
  );
  actor.send('room.signal', { roomId: 'lobby', signal: correction('one', null, null), fromNode: 'a' });
  t.equal(heard.length, 1, 'a model that can learn hears judgements');
  actor.stop();
});

t.test('a model that is asked for while the first one loads comes after it', async (t) => {
  const actor = driveActor(aiAssistant, { participant, adapter: model('parrot', 'first') });
  actor.question('assistant.swap-model', model('parrot', 'second'));
  t.equal(actor.state(), '"loading"');
  t.same((await until(() => actor.take('reply', (reply) => reply.result !== undefined)))?.result, { model: 'second' });
  actor.stop();
});

t.test('when it goes on elsewhere its model is loaded anew, and who waits for another one is told', async (t) => {
  const actor = await attending({ adapter: model('parrot', 'old') });
  actor.question('assistant.swap-model', model('parrot', 'new'));
  actor.send('academy.resumed');
  t.equal(actor.state(), '"loading"');
  t.match(actor.take('reply')?.error, { code: 'ERR_ACADEMY_COMMAND_FAILED', message: /moved/ });
  ask(actor, 'which one are you?');
  t.match(await until(() => said(actor)), { text: /^old/ });
  actor.stop();
});

t.test('a model that cannot be loaded is a coded error, and the old one stays', async (t) => {
  const actor = await attending({ adapter: model('parrot', 'old') });
  const cases: [ModelAdapterReference, RegExp][] = [
    [{ module: 'file:///nowhere.js', exportName: 'x' }, /cannot be loaded/],
    [model('missing'), /not an exported function/],
    [model('noModel'), /does not make a model adapter/],
    [model('failing'), /no key/],
  ];
  for (const [reference, reason] of cases) {
    actor.question('assistant.swap-model', reference);
    const { error } = await until(() => actor.take('reply'));
    t.match(error, { code: 'ERR_ACADEMY_ACTOR_MODULE', message: reason });
    t.equal(actor.state(), '"attending"');
  }
  actor.question('assistant.swap-model', { ...retrievalModel(''), options: {} });
  t.equal((await until(() => actor.take('reply'))).error?.code, 'ERR_ACADEMY_BAD_ARGUMENT');
  ask(actor, 'still there?');
  t.match(await until(() => said(actor)), { text: /^old/ });
  actor.stop();
});

t.test('one exchange at a time', async (t) => {
  const actor = await attending();
  actor.question('assistant.swap-model', model('parrot', 'a'));
  const [refusal] = actor.question('assistant.swap-model', model('parrot', 'b'));
  t.equal(refusal?.error?.code, 'ERR_ACADEMY_COMMAND_FAILED');
  actor.stop();
});

t.test('without its first model it fails, and the supervisor decides', async (t) => {
  const actor = driveActor(aiAssistant, { participant, adapter: model('missing') });
  t.equal((await until(() => actor.take('fail'))).error.code, 'ERR_ACADEMY_ACTOR_MODULE');
  actor.stop();
});

t.test('a model that throws or is slow costs an answer and nothing else', async (t) => {
  const actor = await attending({ adapter: model('broken') });
  ask(actor, 'well?');
  t.match(await until(() => actor.take('log')), { level: 'warn', fields: { message: 'out of ideas' } });
  actor.stop();

  const patient = await attending({ adapter: model('slow'), respondWithinMs: 1_000 });
  ask(patient, 'well?');
  patient.wait(1_000);
  t.match(patient.take('log'), { level: 'warn', text: /too long/ });
  const late = await until(() => finish.shift());
  late('at last');
  await new Promise((resolve) => setImmediate(resolve));
  t.notOk(said(patient), 'what comes too late is not said');
  for (let n = 0; n < 40; n++) ask(patient, `question ${n}`);
  t.equal(thinking(patient), 32, 'it thinks about a bounded number of messages at a time');
  patient.stop();
});

t.test('when it is unsure it speaks only if it is called', async (t) => {
  const actor = await attending({ adapter: model('unsure') });
  ask(actor, 'anybody?');
  await idle(actor);
  t.notOk(said(actor));
  ask(actor, '@guide?');
  t.match(await until(() => said(actor)), { text: 'perhaps' });
  ask(actor, 'me too', { aiGenerated: true, participantId: 'bot' });
  t.equal(thinking(actor), 0, 'another AI is not answered');
  actor.stop();
});
