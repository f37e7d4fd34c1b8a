import t from 'tap';
import { ambientViolations, importViolations } from './importRules.js';
import { readProjectSources } from './projectSources.js';

t.test(
  'runtime, actors and transports import only the protocol, and everything else only what stands below it',
  async (t) => {
    t.strictSame(readProjectSources().flatMap(importViolations), []);
  },
);

t.test(
  'nothing in runtime or actors reads the clock or rolls dice by itself, and nothing writes to the console',
  async (t) => {
    t.strictSame(readProjectSources().flatMap(ambientViolations), []);
  },
);

t.test('an import across the parts is found, however it is written', async (t) => {
  const forbidden: [path: string, text: string][] = [
    ['actors/a.ts', "import { b } from '../runtime/mesh/b.js';"],
    ['actors/a.ts', "import type { B } from '../runtime/mesh/b.js';"],
    ['actors/a.ts', "type B = import('../runtime/mesh/b.js').B;"],
    ['runtime/mesh/a.ts', "export * from '../../actors/b.js';"],
    ['runtime/mesh/a.ts', "const b = await import('../../transports/b.js');"],
    ['runtime/hosting/a.ts', "const url = new URL('../../actors/b.js', import.meta.url);"],
    ['runtime/protocol/a.ts', "import { b } from '../mesh/b.js';"],
    ['transports/udp/a.ts', "import { b } from '../../actors/b.js';"],
    ['cli/a.ts', "import { b } from '../runtime/mesh/b.js';"],
    ['examples/a.ts', "import { b } from '../actors/b.js';"],
    ['runtime/a.ts', "import { b } from '../index.js';"],
    ['index.ts', "import { b } from './test/b.js';"],
    ['runtime/storage/a.ts', "import { Packr } from 'msgpackr';"],
    ['runtime/mesh/a.ts', "import { createSocket } from 'node:dgram';"],
  ];
  for (const [path, text] of forbidden) t.equal(importViolations({ path, text }).length, 1, `${path}: ${text}`);
});

t.test('the imports that the design draws are allowed', async (t) => {
  const allowed: [path: string, text: string][] = [
    ['actors/learning/a.ts', "import { b } from '../../runtime/protocol/b.js'; import { c } from '../c.js';"],
    ['runtime/mesh/a.ts', "import { b } from '../hosting/b.js'; import { c } from '../protocol/c.js';"],
    ['runtime/protocol/MessageCodec.ts', "import { Packr } from 'msgpackr';"],
    ['benchmarks/codec/a.ts', "import { Packr } from 'msgpackr';"],
    ['transports/udp/a.ts', "import { createSocket } from 'node:dgram';"],
    ['index.ts', "export { b } from './runtime/mesh/b.js'; export { c } from './actors/c.js';"],
    ['cli/a.ts', "import { b } from '../index.js';"],
    [
      'runtime/mesh/a.ts',
      "// import { b } from '../../actors/b.js';\nconst said = \"import x from '../../actors/y.js'\";",
    ],
  ];
  for (const [path, text] of allowed) t.strictSame(importViolations({ path, text }), [], `${path}: ${text}`);
});

t.test('a clock, dice and the console are found in code and not in comments', async (t) => {
  const reads = ['Date.now()', 'new Date()', 'performance.now()', 'process.hrtime.bigint()', 'Math.random()'];
  for (const text of reads) {
    t.equal(ambientViolations({ path: 'runtime/mesh/a.ts', text }).length >= 1, true, text);
    t.strictSame(ambientViolations({ path: 'runtime/system/a.ts', text }), [], `${text} in runtime/system`);
  }
  t.equal(ambientViolations({ path: 'transports/a.ts', text: "console.warn('x')" }).length, 1);
  t.strictSame(ambientViolations({ path: 'actors/a.ts', text: '// Date.now()\nnew Date(atMs).toISOString()' }), []);
  t.strictSame(ambientViolations({ path: 'cli/a.ts', text: "console.log('x'); Date.now()" }), []);
});
