import { describe, expect, it } from "vitest";
import { Semaphore, type SemaphoreWaiter } from "../../src/core/handler/semaphore.ts";
import { tickEnd } from "../../src/testing/tick.ts";

/** A session that wants `wanted` permits, as sessions ask for them. */
class Wanting implements SemaphoreWaiter {
  readonly name: string;
  readonly #semaphore: Semaphore;
  readonly #log: string[];
  wanted: number;

  constructor(name: string, semaphore: Semaphore, log: string[], wanted = 1) {
    this.name = name;
    this.#semaphore = semaphore;
    this.#log = log;
    this.wanted = wanted;
  }

  /** Takes what it can, and stands in line for the rest. */
  ask(): void {
    while (this.wanted > 0) {
      if (!this.#semaphore.isFreeFor(this)) return this.#semaphore.wait(this);
      this.#semaphore.acquire();
      this.wanted -= 1;
      this.#log.push(this.name);
    }
  }

  onPermit(): void {
    this.ask();
  }
}

function line(max: number) {
  const semaphore = new Semaphore(max);
  const log: string[] = [];
  const wanting = (name: string, wanted?: number) => {
    const one = new Wanting(name, semaphore, log, wanted);
    one.ask();
    return one;
  };
  return { semaphore, log, wanting };
}

describe("Semaphore", () => {
  it("are given until there are no more", () => {
    const { semaphore, log, wanting } = line(2);
    for (const name of ["a", "b", "c"]) wanting(name);
    expect(log).toEqual(["a", "b"]);
    expect([semaphore.used, semaphore.waiting]).toEqual([2, 1]);
  });

  it("go to the one that has waited longest, one for each that is given back", async () => {
    const { semaphore, log, wanting } = line(1);
    for (const name of ["a", "b", "c", "d"]) wanting(name);
    for (const expected of ["ab", "abc", "abcd"]) {
      semaphore.release();
      await tickEnd();
      expect(log.join("")).toBe(expected);
      expect(semaphore.used).toBe(1);
    }
    semaphore.release();
    await tickEnd();
    expect([semaphore.used, semaphore.waiting]).toEqual([0, 0]);
  });

  it("go round: one that wants many gets one, and then stands behind the others", async () => {
    const { semaphore, log, wanting } = line(1);
    wanting("a", 3);
    wanting("b", 3);
    wanting("c", 3);
    for (let count = 0; count < 8; count++) {
      semaphore.release();
      await tickEnd();
    }
    expect(log.join("")).toBe("aabcabcbc");
  });

  it("are not snatched between being given back and being passed on", async () => {
    const { semaphore, log, wanting } = line(1);
    wanting("a");
    wanting("b");
    semaphore.release();
    wanting("c");
    expect(log.join("")).toBe("a");
    await tickEnd();
    expect(log.join("")).toBe("ab");
    semaphore.release();
    await tickEnd();
    expect(log.join("")).toBe("abc");
  });

  it("are passed on by one that turns out not to need its permit", async () => {
    const { semaphore, log, wanting } = line(1);
    wanting("a");
    const calls: string[] = [];
    semaphore.wait({ onPermit: () => calls.push("gone") });
    wanting("b");
    semaphore.release();
    await tickEnd();
    expect(calls).toEqual(["gone"]);
    expect(log.join("")).toBe("ab");
    expect(semaphore.waiting).toBe(0);
  });

  it("are not waited for by one that is forgotten, nor lost with it", async () => {
    const { semaphore, log, wanting } = line(1);
    wanting("a");
    const [b] = [wanting("b"), wanting("c")];
    semaphore.release();
    semaphore.forget(b);
    semaphore.forget(b);
    await tickEnd();
    expect(log.join("")).toBe("ac");
    expect([semaphore.used, semaphore.waiting]).toEqual([1, 0]);
  });

  it("serve one that comes while the line is served", async () => {
    const { semaphore, log, wanting } = line(2);
    wanting("a", 2);
    semaphore.wait({ onPermit: () => void wanting("late") });
    wanting("b");
    semaphore.release();
    semaphore.release();
    await tickEnd();
    expect(log.join(" ")).toBe("a a b late");
    expect([semaphore.used, semaphore.waiting]).toEqual([2, 0]);
  });

  it("of an endless number are always free", () => {
    const { semaphore, log, wanting } = line(Infinity);
    wanting("a", 1_000);
    expect([log.length, semaphore.used, semaphore.waiting]).toEqual([1_000, 1_000, 0]);
  });
});
