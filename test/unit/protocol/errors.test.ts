import fc from 'fast-check';
import t from 'tap';
import { ACADEMY_ERRORS, AcademyError, fromErrorRecord, toErrorRecord } from '../../../runtime/protocol/errors.js';

t.test('every code has its own words', (t) => {
  for (const [code, meaning] of Object.entries(ACADEMY_ERRORS)) {
    t.match(code, /^ERR_ACADEMY_[A-Z_]+$/);
    t.ok(meaning.length > 10, code);
  }
  t.equal(new Set(Object.values(ACADEMY_ERRORS)).size, Object.keys(ACADEMY_ERRORS).length);
  t.end();
});

t.test('an error keeps code, message and remedy on its way through a record', (t) => {
  const error = new AcademyError('ERR_ACADEMY_STORE', 'the disk is full', {
    remedy: 'make room',
    cause: new Error('x'),
  });
  t.ok(error instanceof Error);
  t.strictSame(toErrorRecord(error, 'ERR_ACADEMY_CONTROL'), {
    code: 'ERR_ACADEMY_STORE',
    message: 'the disk is full',
    remedy: 'make room',
  });
  const arrived = fromErrorRecord(structuredClone(toErrorRecord(error, 'ERR_ACADEMY_CONTROL')), 'ERR_ACADEMY_CONTROL');
  t.match(arrived, { code: error.code, message: error.message, remedy: error.remedy });
  t.strictSame(toErrorRecord(new AcademyError('ERR_ACADEMY_STORE', 'x'), 'ERR_ACADEMY_CONTROL'), {
    code: 'ERR_ACADEMY_STORE',
    message: 'x',
  });
  t.end();
});

t.test('whatever is thrown or sent becomes an error with a known code', (t) => {
  const anything = fc.anything();
  const property = fc.property(anything, (value) => {
    const record = toErrorRecord(value, 'ERR_ACADEMY_CONTROL');
    const error = fromErrorRecord(value, 'ERR_ACADEMY_CONTROL');
    return (
      typeof record.message === 'string' &&
      Object.hasOwn(ACADEMY_ERRORS, record.code) &&
      Object.hasOwn(ACADEMY_ERRORS, error.code) &&
      error.message.length <= 1_000
    );
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
  t.equal(fromErrorRecord({ code: 'constructor', message: 'x' }, 'ERR_ACADEMY_CONTROL').code, 'ERR_ACADEMY_CONTROL');
  t.end();
});
