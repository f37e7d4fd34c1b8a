/** The flags of `up` that are keys of the configuration, with how each becomes its value. */
import type { Command } from 'commander';
import type { AcademyUserConfig } from '../library.js';
import { usageFault } from '../usageFault.js';

export interface UpFlags {
  readonly name?: string;
  readonly alias?: string;
  readonly participant?: readonly string[];
  readonly peers?: string;
  readonly threads?: number;
  readonly maxHeapMb?: number;
  readonly hangMs?: number;
  readonly lan?: boolean;
  readonly interface?: string;
  readonly tcpPort?: number;
  readonly open?: boolean;
  readonly log?: string;
}

export function withUpFlags(command: Command): Command {
  return command
    .option('--name <name>', 'your display name')
    .option('--alias <alias>', 'name of the node in paths, beside its id')
    .option('--participant <module...>', 'participants of your own: ./my-bot.js or ./my-bot.js#export')
    .option('--peers <host:port,...>', 'nodes to connect to where multicast does not reach')
    .option('--threads <n>', 'worker threads with actors; 0: all in the main thread', wholeNumber('--threads', 2))
    .option('--max-heap-mb <n>', 'heap of each worker thread, in MB', wholeNumber('--max-heap-mb', 256))
    .option('--hang-ms <n>', 'end a worker thread that hangs for so long', wholeNumber('--hang-ms', 5_000))
    .option('--lan', 'use the local network, not only this machine')
    .option('--interface <name>', 'network interface, by name or address')
    .option('--tcp-port <port>', 'TCP port for other nodes; by default a free one', wholeNumber('--tcp-port', 47_101))
    .option('--open', 'no secret: whoever reaches the network may take part')
    .option('--log <level>', 'debug, info, warn, error or silent');
}

export function flagsOf(given: UpFlags): AcademyUserConfig {
  const { name, alias, participant, peers, threads, maxHeapMb, hangMs, lan, tcpPort, open, log } = given;
  return {
    ...(name === undefined ? {} : { name }),
    ...(alias === undefined ? {} : { alias }),
    ...(participant === undefined ? {} : { participants: [...participant] }),
    ...(peers === undefined ? {} : { peers: peers.split(',').filter((peer) => peer !== '') }),
    ...(threads === undefined ? {} : { threads }),
    ...(maxHeapMb === undefined ? {} : { maxHeapMb }),
    ...(hangMs === undefined ? {} : { hangMs }),
    ...(lan === undefined ? {} : { lan }),
    ...(given.interface === undefined ? {} : { interface: given.interface }),
    ...(tcpPort === undefined ? {} : { tcp: { port: tcpPort } }),
    ...(open === undefined ? {} : { open }),
    // The schema says which levels there are.
    ...(log === undefined ? {} : { log: { level: log as 'warn' } }),
  };
}

function wholeNumber(option: string, example: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= 0) return value;
    throw usageFault(`${option} ${text} is no whole number from 0 on`, `write for instance ${option} ${example}`);
  };
}
