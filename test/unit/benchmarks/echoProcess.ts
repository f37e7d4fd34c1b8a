/** A process for the test of ForkedProcess: it answers, fails and dies as it is told. */
import { answerQuestions } from '../../../benchmarks/runner/ForkedProcess.js';

export type EchoQuestions = {
  readonly echo: { readonly given: Uint8Array; readonly answer: Uint8Array };
  readonly fail: { readonly given: string; readonly answer: never };
  readonly die: { readonly given: null; readonly answer: never };
  readonly wait: { readonly given: null; readonly answer: never };
};

answerQuestions<EchoQuestions>({
  echo: (bytes) => bytes,
  fail: (text) => {
    throw new Error(text);
  },
  die: () => {
    console.error('my last words');
    process.exit(3);
  },
  wait: () => new Promise<never>(() => {}),
});
