/** The test of a new participant, which passes as it stands and shows what there is to test with. */
import type { ParticipantNames, Template } from './participantModule.js';

/** @param extension of the module that it imports: `js` or `mjs` */
export function participantTest(
  { name, id, variable }: ParticipantNames,
  template: Template,
  extension: string,
): string {
  const more =
    template === 'machine'
      ? `
    await ann.say('@${name} again');
    await ann.expectSilence({ from: '${id}', withinMs: 1_000 });
    await rooms.advance(2_000);
    await ann.say('@${name} rested?');
    assert.equal((await ann.expectMessage({ from: '${id}' })).text, '(2) You said: rested?');
`
      : `
    await ann.say('and this is for nobody');
    await ann.expectSilence({ from: '${id}' });

    // A crash costs it the state of its rooms, and nothing else.
    rooms.crash('${id}');
    await rooms.advance(5_000);
    await ann.say('@${name} still there?');
    assert.equal((await ann.expectMessage({ from: '${id}' })).text, '(1) You said: still there?');
`;
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Simulation, TestRooms } from 'academy-mesh/testing';
import ${variable} from './${id}.${extension}';

// Time is virtual here: seconds pass in no time, and what goes wrong says which seed repeats it.
test('${name} answers whoever mentions it', () =>
  Simulation.run(async (simulation) => {
    const rooms = await TestRooms.open({ simulation });
    await rooms.seat(${variable});
    const ann = await rooms.person('Ann');

    await ann.say('@${name} hello');
    const answer = await ann.expectMessage({ from: '${id}' });
    assert.equal(answer.text, '(1) You said: hello');
${more}
    await rooms.close();
  }));
`;
}
