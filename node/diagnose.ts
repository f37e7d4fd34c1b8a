/**
 * What this machine can do for a node, tried and not guessed: each check opens what a node would open, with the
 * configuration's own values, and says what it found and what to do about it. Nothing is left open or written.
 */
import { createServer } from 'node:net';
import type { AcademyConfig } from '../runtime/config/academyConfig.js';
import type { Clock } from '../runtime/protocol/Clock.js';
import { AcademyError } from '../runtime/protocol/errors.js';
import { limits } from '../runtime/protocol/limits.js';
import type { Random } from '../runtime/protocol/Random.js';
import { groupAddresses } from '../transports/udp/groupAddresses.js';
import { socketCalls } from '../transports/udp/socketCalls.js';
import { UdpGroupSockets } from '../transports/udp/UdpGroupSockets.js';
import { interfaceAddressOf } from './networkTransports.js';

export interface Finding {
  readonly check: string;
  /** `weak`: it works, with less than it could. */
  readonly verdict: 'good' | 'weak' | 'bad';
  readonly found: string;
  readonly remedy?: string;
}

export interface DiagnosisOptions {
  readonly config: AcademyConfig;
  readonly clock: Clock;
  readonly random: Random;
}

const answerLimitMs = 1_000;
/** When this version was made: a clock before it is wrong. */
const earliestMs = Date.UTC(2026, 0, 1);

/** All checks, in the order in which a node needs what they try. */
export async function diagnose(options: DiagnosisOptions): Promise<readonly Finding[]> {
  return [
    nodeVersion(process.versions.node),
    clockOf(options.clock),
    await attempt('udp port', () => udpPort(options)),
    await attempt('tcp port', () => tcpPort(options)),
    await attempt('multicast', () => multicast(options)),
    await attempt('segment offload', () => segmentOffload(options)),
    await attempt('receive buffer', () => receiveBuffer(options)),
  ];
}

/** What a check throws is its finding. */
async function attempt(check: string, work: () => Promise<Finding>): Promise<Finding> {
  try {
    return await work();
  } catch (fault) {
    const remedy = fault instanceof AcademyError ? fault.remedy : undefined;
    const found = fault instanceof Error ? fault.message : String(fault);
    return { check, verdict: 'bad', found, ...(remedy === undefined ? {} : { remedy }) };
  }
}

function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  if (isEnough) return { check: 'node.js', verdict: 'good', found: version };
  return { check: 'node.js', verdict: 'bad', found: version, remedy: 'install Node.js 20.19 or newer' };
}

function clockOf(clock: Clock): Finding {
  const nowMs = clock.nowMs();
  const found = new Date(nowMs).toISOString();
  if (nowMs >= earliestMs) return { check: 'clock', verdict: 'good', found };
  const minutes = limits.clockSkewMsMax / 60_000;
  const remedy = `set the clock: peers drop what is more than a day off, and rooms what is ${minutes} minutes ahead`;
  return { check: 'clock', verdict: 'bad', found, remedy };
}

async function udpPort({ config }: DiagnosisOptions): Promise<Finding> {
  const { port } = config.udp;
  const sockets = await openGroup(config, { port });
  await sockets.close();
  return { check: 'udp port', verdict: 'good', found: `${port} on ${sockets.interfaceAddress} is free or shared` };
}

async function tcpPort({ config }: DiagnosisOptions): Promise<Finding> {
  const { port, host } = config.tcp;
  if (port === 0) return { check: 'tcp port', verdict: 'good', found: 'any free one' };
  const server = createServer();
  const fault = await new Promise<Error | null>((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => resolve(null));
  });
  if (fault) {
    const remedy = 'a running node of yours may have it; else set another with --tcp-port, or 0 for any';
    return { check: 'tcp port', verdict: 'weak', found: `${port} is in use`, remedy };
  }
  await new Promise((resolve) => server.close(resolve));
  return { check: 'tcp port', verdict: 'good', found: `${port} is free` };
}

async function multicast({ config, clock, random }: DiagnosisOptions): Promise<Finding> {
  const group = scratchGroup(random);
  const listener = await openGroup(config, { port: 0, group });
  const speaker = await openGroup(config, { port: listener.port, group });
  try {
    const heard = await isHeard(speaker, listener, clock, [Buffer.from('academy')]);
    const on = speaker.interfaceAddress;
    if (heard !== null)
      return { check: 'multicast', verdict: 'good', found: `a datagram to a group is heard on ${on}` };
    const remedy = on.startsWith('127.')
      ? 'allow multicast on the loopback interface (ip link set lo multicast on), or name another with --interface'
      : 'where the network blocks multicast, give peers by address: academy up --peers HOST:PORT';
    return { check: 'multicast', verdict: 'bad', found: `a datagram to a group is not heard on ${on}`, remedy };
  } finally {
    await Promise.all([listener.close(), speaker.close()]);
  }
}

async function segmentOffload({ config, clock, random }: DiagnosisOptions): Promise<Finding> {
  const check = 'segment offload';
  if (config.udp.step === 'plain') return { check, verdict: 'weak', found: 'switched off by udp.step' };
  if (!socketCalls()) {
    const isLinux = process.platform === 'linux';
    const found = isLinux ? 'the optional package koffi is not there' : `there is none on ${process.platform}`;
    const remedy = isLinux ? 'npm install koffi' : 'nothing to do: datagrams go one by one, with the same promises';
    return { check, verdict: 'weak', found, remedy };
  }
  const group = scratchGroup(random);
  const listener = await openGroup(config, { port: 0, group });
  const speaker = await openGroup(config, { port: listener.port, group });
  try {
    if (speaker.stats().step === 'plain') {
      return { check, verdict: 'weak', found: 'this kernel has none', remedy: 'Linux 5.0 or newer has it' };
    }
    const slot = Buffer.alloc(limits.datagramBytesMax);
    const messages = await isHeard(speaker, listener, clock, [Buffer.concat([slot, slot, slot])]);
    if (messages === 1) return { check, verdict: 'good', found: 'three datagrams leave and arrive in one call' };
    const found = messages === null ? 'segments do not arrive' : 'segments leave in one call and arrive one by one';
    return { check, verdict: 'weak', found, remedy: 'set udp.step to "plain" if datagrams get lost' };
  } finally {
    await Promise.all([listener.close(), speaker.close()]);
  }
}

async function receiveBuffer({ config, random }: DiagnosisOptions): Promise<Finding> {
  const asked = config.udp.receiveBufferBytes;
  const sockets = await openGroup(config, { port: 0, group: scratchGroup(random) });
  await sockets.close();
  // Linux tells twice what it was asked for, as it counts its own overhead.
  const given = process.platform === 'linux' ? sockets.receiveBufferBytes / 2 : sockets.receiveBufferBytes;
  const found = `${kilobytes(given)} of ${kilobytes(asked)}, a window of ${sockets.receiveSlots} datagrams`;
  if (given >= asked) return { check: 'receive buffer', verdict: 'good', found };
  const remedy =
    process.platform === 'linux'
      ? `as root: sysctl -w net.core.rmem_max=${asked}`
      : 'raise the limit of socket buffers (on macOS: sysctl -w kern.ipc.maxsockbuf)';
  return { check: 'receive buffer', verdict: 'weak', found, remedy };
}

/** @returns messages in which what was sent has arrived; null when nothing has */
function isHeard(
  speaker: UdpGroupSockets,
  listener: UdpGroupSockets,
  clock: Clock,
  pieces: readonly Buffer[],
): Promise<number | null> {
  const expected = pieces.reduce((sum, { length }) => sum + length, 0);
  return new Promise((resolve) => {
    let bytes = 0;
    let messages = 0;
    const timer = clock.setTimeout(() => resolve(messages === 0 ? null : messages), answerLimitMs);
    listener.onGroupMessage((message) => {
      bytes += message.length;
      messages += 1;
      if (bytes < expected) return;
      clock.clearTimeout(timer);
      resolve(messages);
    });
    speaker.sendToGroup(pieces, limits.datagramBytesMax, () => {});
  });
}

function openGroup(config: AcademyConfig, { port, group }: { port: number; group?: string }): Promise<UdpGroupSockets> {
  const { ttl, step, receiveBufferBytes } = config.udp;
  return UdpGroupSockets.open({
    name: 'academy-training',
    multicastAddress: group ?? groupAddresses(config.academyId).training.multicastAddress,
    port,
    interfaceAddress: interfaceAddressOf(config),
    ttl,
    step,
    receiveBufferBytes,
  });
}

/** Of an academy that nobody is in. */
function scratchGroup(random: Random): string {
  return groupAddresses(`doctor-${random.id()}`).training.multicastAddress;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KB`;
}
