import type { ProcessInfo } from "./processes.ts";

/** The memory of a process when it was first looked at, and at most. */
export interface Size {
  readonly firstBytes: number;
  readonly mostBytes: number;
}

/** How the memory of processes goes, from one look to the next. */
export class Sizes {
  readonly #sizes = new Map<number, Size>();

  note({ pid, rssBytes }: ProcessInfo): void {
    const { firstBytes = rssBytes, mostBytes = 0 } = this.#sizes.get(pid) ?? {};
    this.#sizes.set(pid, { firstBytes, mostBytes: Math.max(mostBytes, rssBytes) });
  }

  get all(): Size[] {
    return [...this.#sizes.values()];
  }
}
