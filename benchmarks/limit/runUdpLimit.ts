/**
 * The physical limit as a case: udpLimit.c, compiled for the run where there is a C compiler. What Node cannot reach,
 * and what share of it a path reaches, is told against this.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from '../../packageRoot.js';
import type { RoundContext, RoundOutcome } from '../runner/defineBenchmark.js';

/** One datagram a system call, or 46 with UDP_SEGMENT and UDP_GRO. */
export type UdpLimitWay = 'sendto' | 'gso';

export interface UdpLimitOptions {
  readonly way: UdpLimitWay;
  readonly receivers: number;
  /** Datagrams of 1400 bytes in a full round. @default what takes about a second on a small machine */
  readonly datagrams?: number;
}

/** What udpLimit prints. */
interface Measured {
  readonly datagrams: number;
  /** From before the first datagram until the last receiver has the last one. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly disordered: number;
}

export interface UdpLimitProgram {
  /** What this kernel can do: GRO for UDP came with Linux 5.0. */
  readonly ways: readonly UdpLimitWay[];
  /** Runs it once. Rates are of datagrams that every receiver has. */
  run(options: UdpLimitOptions, context: Pick<RoundContext, 'signal' | 'scale'>): Promise<RoundOutcome>;
  /** Removes the program. */
  dispose(): void;
}

const datagramsPerWay = { sendto: 150_000, gso: 1_500_000 } as const;
const datagramsMin = 1_000;
const saidCharactersMax = 4_000;

/** @returns the compiled program, or in one sentence why there is none */
export async function compileUdpLimit(signal: AbortSignal): Promise<UdpLimitProgram | string> {
  if (process.platform !== 'linux') return 'The physical limit is left out: its program is for Linux.';
  const folder = mkdtempSync(join(tmpdir(), 'academy-udp-limit-'));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  const program = join(folder, 'udpLimit');
  const source = packageFile('benchmarks', 'limit', 'udpLimit.c');
  try {
    const { code, said } = await runProgram('cc', ['-O2', '-std=c11', '-o', program, source], signal);
    if (code !== 0) throw new Error(said);
  } catch (thrown) {
    dispose();
    signal.throwIfAborted();
    const missing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    return `The physical limit is left out: ${missing ? 'there is no C compiler (cc)' : 'cc failed to compile it'}.`;
  }
  const run: UdpLimitProgram['run'] = (options, context) => runUdpLimit(program, options, context);
  const probe = await run({ way: 'gso', receivers: 1, datagrams: datagramsMin }, { signal, scale: 1 });
  return { ways: probe.complete ? ['sendto', 'gso'] : ['sendto'], run, dispose };
}

async function runUdpLimit(
  program: string,
  { way, receivers, datagrams = datagramsPerWay[way] }: UdpLimitOptions,
  { signal, scale }: Pick<RoundContext, 'signal' | 'scale'>,
): Promise<RoundOutcome> {
  const count = Math.max(datagramsMin, Math.round(datagrams * scale));
  const { code, said, output } = await runProgram(program, [way, String(receivers), String(count)], signal);
  if (code !== 0) return { count: 0, seconds: 0, lost: count, complete: false, reason: said || `exit code ${code}` };
  const measured = JSON.parse(output) as Measured;
  const whole = measured.datagrams === count && measured.disordered === 0;
  return {
    count,
    seconds: measured.seconds,
    lost: 0,
    cpuSeconds: measured.cpuSeconds,
    complete: whole,
    ...(whole ? {} : { reason: `${measured.disordered} of ${count} datagrams were not the next one` }),
  };
}

/** Rejects when the program cannot be started, and when the run is given up. */
function runProgram(
  program: string,
  given: readonly string[],
  signal: AbortSignal,
): Promise<{ code: number | null; said: string; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, given, { signal, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-saidCharactersMax);
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said: said.trim(), output }));
  });
}
