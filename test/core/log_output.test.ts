import { describe, expect, it } from "vitest";
import { LogOutput } from "../../src/core/session/log_output.ts";

/** A destination that takes a text only when `take` is called. */
function slowOutput() {
  const written: string[] = [];
  let taken: (() => void) | undefined;
  const output = new LogOutput((text, done) => {
    expect(taken).toBeUndefined();
    written.push(text);
    taken = done;
  });
  const take = () => {
    const done = taken;
    taken = undefined;
    done?.();
  };
  return { output, written, take };
}

describe("LogOutput", () => {
  it("writes each line at once while the destination takes it at once", () => {
    const written: string[] = [];
    const output = new LogOutput((text, done) => {
      written.push(text);
      done();
    });
    for (const line of ["a\n", "b\n", "c\n"]) output.add(line);
    expect(written).toEqual(["a\n", "b\n", "c\n"]);
  });

  it("writes lines that came during a write in one write behind it", () => {
    const { output, written, take } = slowOutput();
    for (const line of ["a\n", "b\n", "c\n"]) output.add(line);
    expect(written).toEqual(["a\n"]);
    take();
    expect(written).toEqual(["a\n", "b\nc\n"]);
    take();
    output.add("d\n");
    expect(written).toEqual(["a\n", "b\nc\n", "d\n"]);
  });

  it("keeps about a megabyte for a destination that takes nothing, and counts what it drops", () => {
    const { output, written, take } = slowOutput();
    const dropped: number[] = [];
    output.onDropped = (lines) => {
      dropped.push(lines);
      output.add("dropped\n");
    };
    const line = `${"x".repeat(999)}\n`;
    for (let i = 0; i < 3_000; i += 1) output.add(line);
    expect(dropped).toEqual([]);
    take();
    expect(written).toHaveLength(2);
    const kept = 1 + (written[1] as string).length / line.length;
    expect(kept).toBeGreaterThan(900);
    expect(kept).toBeLessThan(1_100);
    take();
    expect(dropped).toEqual([3_000 - kept]);
    expect(written.at(-1)).toBe("dropped\n");
    take();
    output.add("later\n");
    take();
    expect(written.at(-1)).toBe("later\n");
    expect(dropped).toHaveLength(1);
  });

  it("tells of dropped lines behind the lines that waited before them", () => {
    const { output, written, take } = slowOutput();
    output.onDropped = () => output.add("dropped\n");
    const line = `${"x".repeat(600_000)}\n`;
    for (let i = 0; i < 4; i += 1) output.add(line);
    take();
    take();
    expect(written).toEqual([line, line, "dropped\n"]);
  });
});
