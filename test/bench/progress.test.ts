import { describe, expect, it } from "vitest";
import { Progress } from "../../bench/progress.mjs";

const STEPS = [
  { title: "node 20.1.2", work: "short" },
  { title: "node 20.1.2", work: "long" },
  { title: "deno 2.3.4", work: "short" },
  { title: "deno 2.3.4", work: "long" },
];

/** A terminal, or none, with a clock that stands still. */
class Screen {
  seconds = 0;
  lines: string[] = [];
  readonly progress: Progress;

  constructor(readonly isTTY: boolean) {
    this.progress = new Progress(STEPS, this, () => this.seconds);
  }

  columns = 60;

  write(text: string): void {
    this.lines.push(text);
  }

  /** The next step, for so long. */
  step(seconds: number): void {
    this.progress.begin();
    this.seconds += seconds;
    this.progress.end();
  }
}

describe("progress on a terminal", () => {
  it("is one line that is written again and again, and never wraps", () => {
    const screen = new Screen(true);
    screen.progress.begin();
    screen.progress.say("round 1 of 5: ".padEnd(100, "x"));
    expect(screen.lines[0]).toBe("\r\u001B[K[1/4] node 20.1.2, short: begins");
    expect(screen.lines[1]).toHaveLength("\r\u001B[K".length + 59);
    expect(screen.lines.join("")).not.toContain("\n");
  });

  it("takes a terminal that does not know its width for a usual one", () => {
    const screen = new Screen(true);
    screen.columns = 0;
    screen.progress.begin();
    screen.progress.say("x".repeat(100));
    expect(screen.lines[1]).toHaveLength("\r\u001B[K".length + 79);
  });

  it("leaves the line free for what follows", () => {
    const screen = new Screen(true);
    screen.step(1);
    expect(screen.lines.at(-1)).toBe("\r\u001B[K");
  });
});

describe("progress elsewhere", () => {
  it("is a line when a work begins, and then one every ten seconds", () => {
    const screen = new Screen(false);
    screen.progress.begin();
    for (let round = 1; round <= 25; round++) {
      screen.seconds += 1;
      screen.progress.say(`round ${round}`);
    }
    screen.progress.end();
    expect(screen.lines).toEqual([
      "[1/4] node 20.1.2, short: begins\n",
      "[1/4] node 20.1.2, short: round 10\n",
      "[1/4] node 20.1.2, short: round 20\n",
    ]);
  });
});

describe("the time that is left", () => {
  const lastLine = ({ lines }: Screen) => lines.at(-1);

  it("is taken from what the work took before, else from what any took", () => {
    const screen = new Screen(false);
    screen.step(10);
    screen.progress.begin();
    // 10 for each of the three that are left.
    expect(lastLine(screen)).toBe("[2/4] node 20.1.2, long, about 30 s left: begins\n");
    screen.seconds += 110;
    screen.progress.end();
    screen.progress.begin();
    expect(lastLine(screen)).toBe("[3/4] deno 2.3.4, short, about 2 min left: begins\n");
  });

  it("shrinks while a work goes on, and never below what follows", () => {
    const screen = new Screen(false);
    screen.step(20);
    screen.step(40);
    screen.progress.begin();
    screen.seconds += 10;
    screen.progress.say("half");
    expect(lastLine(screen)).toContain("about 50 s left: half");
    screen.seconds += 100;
    screen.progress.say("late");
    expect(lastLine(screen)).toContain("about 40 s left: late");
  });

  it("is never nothing while something goes on", () => {
    const screen = new Screen(false);
    for (let step = 0; step < 3; step++) screen.step(1);
    screen.progress.begin();
    screen.seconds += 100;
    screen.progress.say("late");
    expect(lastLine(screen)).toContain("about 10 s left: late");
  });
});
