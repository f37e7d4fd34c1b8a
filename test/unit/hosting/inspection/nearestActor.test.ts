import t from 'tap';
import { nearestActor } from '../../../../runtime/hosting/inspection/nearestActor.js';

const names = ['participant/ada', 'participant/bo', 'room/lobby', 'chat-daemon', 'self-improvement/ada'];

t.test('the actor that is meant is found without what stands before its name, and with typing errors', async (t) => {
  t.equal(nearestActor('lobby', names), 'room/lobby');
  t.equal(nearestActor('loby', names), 'room/lobby');
  t.equal(nearestActor('particpant/ada', names), 'participant/ada');
  t.equal(nearestActor('chat-deamon', names), 'chat-daemon');
  t.equal(nearestActor('nonsense', names), undefined);
  t.equal(nearestActor('x', []), undefined);
});

t.test('of several with the same last part the first is meant', async (t) => {
  t.equal(nearestActor('ada', names), 'participant/ada');
});
