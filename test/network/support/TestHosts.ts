/**
 * Hosts of a network of their own inside this machine: network namespaces on one bridge, with datagrams lost on the
 * way to each host as a test wants it (nftables). Needs root, iproute2 and nftables; nothing outside is touched.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';

const search = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

export class TestHosts {
  readonly #prefix = `am${process.pid.toString(36)}`;
  readonly #count: number;

  private constructor(count: number) {
    this.#count = count;
  }

  /** @returns why there can be none here, or undefined */
  static whyNot(): string | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux';
    try {
      execFileSync('nft', ['--version'], { env: { PATH: search }, stdio: 'ignore' });
      execFileSync('ip', ['netns', 'list'], { env: { PATH: search }, stdio: 'ignore' });
      return undefined;
    } catch {
      return 'iproute2 and nftables are not installed, or not allowed';
    }
  }

  static open(count: number): TestHosts {
    const hosts = new TestHosts(count);
    try {
      hosts.#build();
    } catch (fault) {
      hosts.close();
      throw fault;
    }
    return hosts;
  }

  /** Of host `number`, which counts from 1. */
  addressOf(number: number): string {
    return `10.77.0.${number}`;
  }

  /** Of 1000 datagrams to each host, how many are lost on the way. */
  loseUdp(perMille: number): void {
    const rules = perMille === 0 ? '' : `ip protocol udp numgen random mod 1000 < ${perMille} drop`;
    this.#inBridge('nft', [
      `add table bridge mesh; flush table bridge mesh; add chain bridge mesh lossy { type filter hook forward priority 10; policy accept; }; ${
        rules && `add rule bridge mesh lossy ${rules}`
      }`,
    ]);
  }

  /** Takes the interface of a host down, or up again. */
  setLink(number: number, state: 'up' | 'down'): void {
    this.#ip(['-n', this.#name(number), 'link', 'set', 'eth0', state]);
  }

  /** Bytes of the largest packet that a host's interface takes. */
  setMtu(number: number, bytes: number): void {
    this.#ip(['-n', this.#name(number), 'link', 'set', 'eth0', 'mtu', String(bytes)]);
  }

  /** Starts a program on a host. It has an IPC channel. */
  run(number: number, program: string, args: readonly string[]): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.#name(number), process.execPath, program, ...args], {
      env: { ...process.env, PATH: search },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  close(): void {
    for (let number = 0; number <= this.#count; number++) {
      try {
        this.#ip(['netns', 'del', number === 0 ? this.#bridge : this.#name(number)]);
      } catch {
        // It was never made.
      }
    }
  }

  #build(): void {
    const bridge = this.#bridge;
    this.#ip(['netns', 'add', bridge]);
    this.#ip(['-n', bridge, 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0']);
    this.#ip(['-n', bridge, 'link', 'set', 'br0', 'up']);
    for (let number = 1; number <= this.#count; number++) {
      const name = this.#name(number);
      const port = `port${number}`;
      this.#ip(['netns', 'add', name]);
      this.#ip(['-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', port, 'netns', bridge]);
      this.#ip(['-n', bridge, 'link', 'set', port, 'master', 'br0', 'up']);
      this.#ip(['-n', name, 'link', 'set', 'lo', 'up']);
      this.#ip(['-n', name, 'addr', 'add', `${this.addressOf(number)}/24`, 'dev', 'eth0']);
      this.#ip(['-n', name, 'link', 'set', 'eth0', 'up']);
    }
  }

  get #bridge(): string {
    return `${this.#prefix}b`;
  }

  #name(number: number): string {
    return `${this.#prefix}h${number}`;
  }

  #ip(args: readonly string[]): void {
    execFileSync('ip', args, { env: { PATH: search }, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  #inBridge(program: string, args: readonly string[]): void {
    this.#ip(['netns', 'exec', this.#bridge, program, ...args]);
  }
}
