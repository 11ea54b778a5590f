import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync, unlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import v8 from "node:v8";

/** An odd number. */
const LOOKS = 7;

/** The counts of an engine, by name. */
export type EngineCounts = Readonly<Record<string, number>>;

/** A JavaScript engine that counts, if it was started as `child.ts` does. */
export interface Engine {
  /** The name of the engine, and as much of its version as the counts depend on. */
  readonly name: string;
  /**
   * Runs all microtasks, within the call, which must come from a task. So whoever counts needs no promise of its own, and
   * nothing can come in between.
   */
  drain(): void;
  /** Counts the objects made while `run` runs. */
  made(run: () => void): EngineCounts;
  /** Counts the objects that are there after `run` and were not before, garbage apart. */
  held(run: () => void): EngineCounts;
}

export async function thisEngine(): Promise<Engine> {
  if (!("bun" in process.versions)) return new V8();
  const name = "bun:jsc";
  return new JavaScriptCore((await import(name)) as Jsc);
}

/** A few looks, in order. */
function looks(look: () => number): number[] {
  return Array.from({ length: LOOKS }, look).toSorted((one, other) => one - other);
}

/** Of what is made: now and then, a table somewhere in the runtime grows. */
function least(look: () => number): number {
  return looks(look)[0] as number;
}

/** Of what is held: a collection takes more at one time than at another. */
function median(look: () => number): number {
  return looks(look)[(LOOKS - 1) / 2] as number;
}

function nothing(): void {}

/**
 * Promises exactly, by the hook; with it, an `await` counts as one more. Bytes by the allocation pointer: the young generation
 * has room for all that a case makes, and no compiler spares some of it, so they hardly differ from run to run.
 */
class V8 implements Engine {
  readonly name = `V8 ${/^\d+\.\d+/.exec(process.versions.v8)?.[0]}`;
  // Only so is V8's own call to be had.
  // oxlint-disable-next-line typescript/no-implied-eval
  readonly drain = new Function("return %PerformMicrotaskCheckpoint()") as () => void;
  readonly #collect = (globalThis as unknown as { gc: () => void }).gc;

  made(run: () => void): EngineCounts {
    this.#collect();
    // A collection also takes what the engine has learnt.
    run();
    const bytes = least(() => growth(run) - growth(nothing));
    return { promises: promisesMade(run), bytes };
  }

  held(run: () => void): EngineCounts {
    const runAndCollect = () => {
      run();
      this.#collect();
    };
    runAndCollect();
    return { bytes: median(() => growth(runAndCollect, withBuffers)), objects: growth(runAndCollect, heapNodes) };
  }
}

function growth(run: () => void, bytes = onHeap): number {
  const before = bytes();
  run();
  return bytes() - before;
}

function onHeap(): number {
  return process.memoryUsage().heapUsed;
}

/** V8 keeps what array buffers hold outside of its heap. */
function withBuffers(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The objects that V8 finds in its heap. A snapshot says how many there are in its first line. */
function heapNodes(): number {
  const file = v8.writeHeapSnapshot(path.join(os.tmpdir(), `guard-${process.pid}.heapsnapshot`));
  const head = Buffer.alloc(4_096);
  const descriptor = openSync(file, "r");
  readSync(descriptor, head);
  closeSync(descriptor);
  unlinkSync(file);
  return Number(/"node_count":(\d+)/.exec(head.toString())?.[1]);
}

function promisesMade(run: () => void): number {
  let promises = 0;
  const stop = v8.promiseHooks.onInit(() => void (promises += 1)) as unknown as () => void;
  run();
  stop();
  return promises;
}

/** The part of `bun:jsc` that counts. */
interface Jsc {
  drainMicrotasks(): void;
  heapStats(): Heap;
}

interface Heap {
  readonly heapSize: number;
  readonly extraMemorySize: number;
  readonly objectTypeCounts: Readonly<Record<string, number>>;
}

/**
 * Promises and objects exactly, as all are still in the heap: with `BUN_JSC_useGC=0`, which rules out `held`. Bytes it knows
 * only of what a collection has left.
 */
class JavaScriptCore implements Engine {
  readonly name = `Bun ${/^\d+\.\d+/.exec(process.versions["bun"] ?? "")?.[0]}`;
  readonly drain: () => void;
  readonly #heap: () => Heap;
  readonly #collect = () => (globalThis as unknown as { Bun: { gc(now: boolean): void } }).Bun.gc(true);

  constructor({ drainMicrotasks, heapStats }: Jsc) {
    this.drain = drainMicrotasks;
    this.#heap = heapStats;
  }

  made(run: () => void): EngineCounts {
    const seen = objectsIn(this.#more(nothing));
    const objects = least(() => objectsIn(this.#more(run)) - seen);
    return { promises: this.#more(run).objectTypeCounts["Promise"] ?? 0, objects };
  }

  held(run: () => void): EngineCounts {
    const runAndCollect = () => {
      run();
      this.#collect();
    };
    runAndCollect();
    return {
      bytes: median(() => bytesIn(this.#more(runAndCollect))),
      // Frames that are queued are bytes; meanwhile the engine drops objects of its own.
      objects: Math.max(
        0,
        median(() => objectsIn(this.#more(runAndCollect))),
      ),
    };
  }

  /** Counts the growth of the heap while `run` runs. */
  #more(run: () => void): Heap {
    const before = this.#heap();
    run();
    const after = this.#heap();
    const counts = Object.entries(after.objectTypeCounts);
    return {
      heapSize: after.heapSize - before.heapSize,
      extraMemorySize: after.extraMemorySize - before.extraMemorySize,
      objectTypeCounts: Object.fromEntries(
        counts.map(([type, count]) => [type, count - (before.objectTypeCounts[type] ?? 0)]),
      ),
    };
  }
}

/** Without what the engine notes of their shapes, which differs from look to look. */
function objectsIn({ objectTypeCounts }: Heap): number {
  const { Structure: _, PropertyTable: __, ...objects } = objectTypeCounts;
  return Object.values(objects).reduce((sum, count) => sum + count, 0);
}

function bytesIn({ heapSize, extraMemorySize }: Heap): number {
  return heapSize + extraMemorySize;
}
