/** What a figure was measured on. A figure without its machine says nothing. */
import { arch, availableParallelism, cpus, freemem, loadavg, release, totalmem, type } from 'node:os';

export interface MachineDescription {
  readonly cpu: string;
  /** Processors that this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly memoryFreeBytes: number;
  /** Operating system, kernel and architecture. */
  readonly system: string;
  readonly node: string;
  /** Over 1, 5 and 15 minutes, at the start of the run: other people's work that the figures had to share with. */
  readonly loadAverage: readonly [number, number, number];
}

export function describeMachine(): MachineDescription {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    cpu: cpus()[0]?.model.trim().replace(/\s+/g, ' ') || 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    memoryFreeBytes: freemem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    loadAverage: [round(one), round(five), round(fifteen)],
  };
}

/** The machine in one line of text. */
export function machineLine(machine: MachineDescription): string {
  const gigabytes = (machine.memoryBytes / 2 ** 30).toFixed(1);
  return [
    `${machine.cores} x ${machine.cpu}`,
    `${gigabytes} GB`,
    `node ${machine.node}`,
    machine.system,
    `load ${machine.loadAverage.join(' ')}`,
  ].join(', ');
}

function round(load: number): number {
  return Math.round(load * 100) / 100;
}
