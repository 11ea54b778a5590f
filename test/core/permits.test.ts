import { describe, expect, it } from "vitest";
import { type PermitOwner, Permits } from "../../src/core/handler/permits.ts";
import { turnEnd } from "../../src/testing/turn.ts";

/** A session that wants `wanted` permits, as sessions ask for them. */
class Wanting implements PermitOwner {
  readonly name: string;
  readonly #permits: Permits;
  readonly #log: string[];
  wanted: number;

  constructor(name: string, permits: Permits, log: string[], wanted = 1) {
    this.name = name;
    this.#permits = permits;
    this.#log = log;
    this.wanted = wanted;
  }

  /** Takes what it can, and stands in line for the rest. */
  ask(): void {
    while (this.wanted > 0) {
      if (!this.#permits.isFreeFor(this)) return this.#permits.wait(this);
      this.#permits.take();
      this.wanted -= 1;
      this.#log.push(this.name);
    }
  }

  onPermit(): void {
    this.ask();
  }
}

function line(max: number) {
  const permits = new Permits(max);
  const log: string[] = [];
  const wanting = (name: string, wanted?: number) => {
    const one = new Wanting(name, permits, log, wanted);
    one.ask();
    return one;
  };
  return { permits, log, wanting };
}

describe("Permits", () => {
  it("are given until there are no more", () => {
    const { permits, log, wanting } = line(2);
    for (const name of ["a", "b", "c"]) wanting(name);
    expect(log).toEqual(["a", "b"]);
    expect([permits.used, permits.waiting]).toEqual([2, 1]);
  });

  it("go to who waits for longest, one for each that is given back", async () => {
    const { permits, log, wanting } = line(1);
    for (const name of ["a", "b", "c", "d"]) wanting(name);
    for (const expected of ["ab", "abc", "abcd"]) {
      permits.give();
      await turnEnd();
      expect(log.join("")).toBe(expected);
      expect(permits.used).toBe(1);
    }
    permits.give();
    await turnEnd();
    expect([permits.used, permits.waiting]).toEqual([0, 0]);
  });

  it("go round: who wants many gets one, and then stands behind the others", async () => {
    const { permits, log, wanting } = line(1);
    wanting("a", 3);
    wanting("b", 3);
    wanting("c", 3);
    for (let count = 0; count < 8; count++) {
      permits.give();
      await turnEnd();
    }
    expect(log.join("")).toBe("aabcabcbc");
  });

  it("are not snatched between being given back and being passed on", async () => {
    const { permits, log, wanting } = line(1);
    wanting("a");
    wanting("b");
    permits.give();
    wanting("c");
    expect(log.join("")).toBe("a");
    await turnEnd();
    expect(log.join("")).toBe("ab");
    permits.give();
    await turnEnd();
    expect(log.join("")).toBe("abc");
  });

  it("are passed on by who turns out not to need one", async () => {
    const { permits, log, wanting } = line(1);
    wanting("a");
    const calls: string[] = [];
    permits.wait({ onPermit: () => calls.push("gone") });
    wanting("b");
    permits.give();
    await turnEnd();
    expect(calls).toEqual(["gone"]);
    expect(log.join("")).toBe("ab");
    expect(permits.waiting).toBe(0);
  });

  it("are not waited for by who is forgotten, nor lost with it", async () => {
    const { permits, log, wanting } = line(1);
    wanting("a");
    const [b] = [wanting("b"), wanting("c")];
    permits.give();
    permits.forget(b);
    permits.forget(b);
    await turnEnd();
    expect(log.join("")).toBe("ac");
    expect([permits.used, permits.waiting]).toEqual([1, 0]);
  });

  it("serve who comes while the line is served", async () => {
    const { permits, log, wanting } = line(2);
    wanting("a", 2);
    permits.wait({ onPermit: () => void wanting("late") });
    wanting("b");
    permits.give();
    permits.give();
    await turnEnd();
    expect(log.join(" ")).toBe("a a b late");
    expect([permits.used, permits.waiting]).toEqual([2, 0]);
  });

  it("of an endless number are always free", () => {
    const { permits, log, wanting } = line(Infinity);
    wanting("a", 1_000);
    expect([log.length, permits.used, permits.waiting]).toEqual([1_000, 1_000, 0]);
  });
});
