/**
 * What a frame costs at each hop of its way: bytes that are copied there, and things that are allocated for it. A
 * benchmark hands one in and prints it, so that a claim about copies is a count and no opinion.
 */
export interface HopCount {
  frames: number;
  bytesCopied: number;
  allocations: number;
}

export class HopCounters {
  readonly hops = new Map<string, HopCount>();

  count(hop: string, bytesCopied: number, allocations: number): void {
    const counted = this.hops.get(hop);
    if (counted) {
      counted.frames++;
      counted.bytesCopied += bytesCopied;
      counted.allocations += allocations;
    } else {
      this.hops.set(hop, { frames: 1, bytesCopied, allocations });
    }
  }

  /** Of one frame, on average. */
  perFrame(hop: string): { readonly bytesCopied: number; readonly allocations: number } {
    const { frames, bytesCopied, allocations } = this.hops.get(hop) ?? { frames: 1, bytesCopied: 0, allocations: 0 };
    return { bytesCopied: bytesCopied / frames, allocations: allocations / frames };
  }
}
