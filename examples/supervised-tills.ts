// Typed actors under a supervisor, a crash, and what comes of it. Compile it with TypeScript beside till.ts, and run it
// with:  node supervised-tills.js
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actorModule, createAcademyNode, defineSupervisor } from 'academy-mesh';

// A till that falls is started again by itself; the third fall within a minute is too much for all of them.
const tills = defineSupervisor({ strategy: 'one-for-one', intensity: 2, withinMs: 60_000, backoffMs: 5 });
// Worker threads load the module; the compiler learns from it what a till takes.
const till = actorModule(() => import('./till.js'), new URL('./till.js', import.meta.url), 'till');
const deadlineMs = 5_000;

const data = await mkdtemp(join(tmpdir(), 'academy-example-'));
const node = await createAcademyNode({ academyId: `example-${process.pid}`, data, personas: [] });
try {
  node.supervision.on('actor-restarted', ({ name, error }) => {
    console.log(`${name} was started again: ${error?.message}`);
  });
  const givenUp = new Promise<string>((resolve) => {
    node.supervision.on('escalated', ({ name, error }) => resolve(`${name} gave up: ${error.message}`));
  });

  await node.spawnSupervisor('tills', tills);
  const options = { currency: 'EUR' };
  const north = await node.spawnActor(till, { name: 'north', supervisor: 'tills', options });
  const south = await node.spawnActor(till, { name: 'south', supervisor: 'tills', options });
  north.tell('sell', { item: 'tea', price: 3 });
  south.tell('sell', { item: 'cake', price: 5 });

  // It falls by the second sale; the third one waits until it is back, and the first one stands in its journal.
  north.tell('sell', { item: 'rubbish', price: -1 });
  north.tell('sell', { item: 'jam', price: 4 });
  console.log(`north: ${await north.ask('total', null, { deadlineMs })}`);
  console.log(`south: ${await south.ask('total', null, { deadlineMs })}, and has noticed nothing`);

  for (let fall = 2; fall <= 3; fall++) north.tell('sell', { item: 'rubbish', price: -1 });
  console.log(await givenUp);
} finally {
  await node.stop();
  await rm(data, { recursive: true });
}
