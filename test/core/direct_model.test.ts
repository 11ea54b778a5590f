import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bytes, SpillwayError } from "../../src/core/mod.ts";
import { tickEnd } from "../../src/testing/tick.ts";
import { ScriptedDriver } from "./scripted_driver.ts";

const BROKEN = new SpillwayError("connection-reset", "broken");
const WRITABLE_BYTES = 65_536;

/** What the stream itself refuses is a TypeError, except on Node 20 behind a `close`. */
function named(error: unknown): string {
  return error instanceof SpillwayError ? error.code : "refused";
}

/** What became of the calls of a run: looked at at the end of every turn, and in the order in which they settled. */
class Record {
  readonly turns: string[][] = [];
  #turn: string[] = [];
  #count = 0;

  /** `act` may also throw: Node 20 does for a write behind a close. */
  note<Value>(what: string, act: () => Promise<Value>, show: (value: Value) => string = () => "done"): void {
    const name = `${what} ${this.#count++}`;
    const settled = (result: string) => this.#turn.push(`${name}: ${result}`);
    new Promise<Value>((resolve) => resolve(act())).then(
      (value) => settled(show(value)),
      (error) => settled(named(error)),
    );
  }

  async endTick(state: () => string = () => ""): Promise<void> {
    await tickEnd();
    this.turns.push([...this.#turn, state()]);
    this.#turn = [];
  }
}

type Reading = "read" | "push" | "push empty" | "end" | "fail" | "release" | "cancel" | "turn";
const READINGS: Reading[] = ["read", "read", "push", "push", "push empty", "turn", "turn", "release"];

interface Source {
  readonly readable: ReadableStream<Bytes>;
  push(bytes: Bytes): void;
  end(): void;
  fail(error: SpillwayError): void;
}

function nativeSource(): Source {
  let input!: ReadableStreamDefaultController<Bytes>;
  let over = false;
  const unlessOver = (act: () => void) => {
    if (!over) act();
  };
  const last = (act: () => void) => () => {
    unlessOver(act);
    over = true;
  };
  const underlying: UnderlyingDefaultSource<Bytes> = {
    start: (controller) => {
      input = controller;
    },
    cancel: () => {
      over = true;
    },
  };
  return {
    readable: new ReadableStream(underlying, { highWaterMark: 0 }),
    push: (bytes) => unlessOver(() => input.enqueue(bytes)),
    end: last(() => input.close()),
    fail: (error) => last(() => input.error(error))(),
  };
}

async function runReads(source: Source, steps: readonly Reading[]): Promise<string[][]> {
  const record = new Record();
  let pushed = 0;
  const show = ({ done, value }: ReadableStreamReadResult<Bytes>) => (done ? "end" : `[${value.join()}]`);
  let reader = source.readable.getReader();
  record.note("closed", () => reader.closed);
  await record.endTick();
  const acts: { [Step in Exclude<Reading, "turn">]: () => void } = {
    read: () => record.note("read", () => reader.read(), show),
    push: () => source.push(new Uint8Array([++pushed])),
    "push empty": () => source.push(new Uint8Array(0)),
    end: () => source.end(),
    fail: () => source.fail(BROKEN),
    cancel: () => record.note("cancel", () => reader.cancel("enough")),
    release: () => {
      const old = reader;
      old.releaseLock();
      record.note("read by the old reader", () => old.read(), show);
      reader = source.readable.getReader();
    },
  };
  for (const step of [...steps, "turn" as const]) {
    if (step === "turn") await record.endTick(() => `locked: ${source.readable.locked}`);
    else acts[step]();
  }
  return record.turns;
}

/** Each kind of call on its own: how many microtasks a released read takes longer than a read of the next reader is free. */
function byKind(turns: string[][]): string[][] {
  return turns.map((turn) => turn.toSorted((one, other) => kind(one).localeCompare(kind(other))));
}

function kind(settled: string): string {
  // Promises of one moment, as far as their users can tell.
  if (settled.startsWith("ready")) return settled;
  const [what = ""] = settled.split(/ \d/);
  return settled.endsWith("refused") ? `released ${what}` : what;
}

type Writing = 0 | 1 | 40_000 | 65_536 | "take" | "takes" | "close" | "release" | "refuse" | "turn";
const WRITINGS: Writing[] = [0, 1, 40_000, 65_536, "take", "take", "takes", "turn", "turn", "release"];

interface Sink {
  readonly writable: WritableStream<Uint8Array>;
  readonly driver: ScriptedDriver;
}

function nativeSink(): Sink {
  const driver = new ScriptedDriver();
  const underlying: UnderlyingSink<Uint8Array> = {
    write: (bytes) => (bytes.length === 0 ? undefined : driver.write(bytes)),
    close: () => driver.finish(),
  };
  const strategy = { highWaterMark: WRITABLE_BYTES, size: ({ length }: Uint8Array) => length };
  return { driver, writable: new WritableStream(underlying, strategy) };
}

function directSink(): Sink {
  const driver = new ScriptedDriver();
  return { driver, writable: driver.connection.writable };
}

async function runWrites({ driver, writable }: Sink, steps: readonly Writing[]): Promise<string[][]> {
  const record = new Record();
  let writer = writable.getWriter();
  record.note("closed", () => writer.closed);
  await record.endTick();
  // The kernel acts in a turn of its own: when within a turn a write reaches it is what differs. So does the close.
  const kernel = {
    take: () => driver.takeWrite(),
    takes: () => {
      driver.takes = !driver.takes;
    },
    refuse: () => driver.failWrite(BROKEN),
  };
  const acts = {
    close: () => record.note("close", () => writer.close()),
    release: () => {
      const old = writer;
      old.releaseLock();
      record.note("write of the old writer", () => old.write(new Uint8Array(1)));
      writer = writable.getWriter();
    },
  };
  for (const step of [...steps, "turn" as const]) {
    if (step === "turn") {
      record.note("ready", () => writer.ready);
      await record.endTick(() => `${sent(driver)} ${writer.desiredSize} ${writable.locked}`);
    } else if (typeof step === "number") record.note("write", () => writer.write(new Uint8Array(step)));
    else if (step === "release") acts.release();
    else if (step === "close") await tickEnd().then(acts.close).then(tickEnd);
    else await tickEnd().then(kernel[step]).then(tickEnd);
  }
  return record.turns;
}

function sent({ calls }: ScriptedDriver): string {
  return calls.filter((call) => call !== "reset" && call !== "release").join();
}

/** Mostly the everyday steps; the last one, after which little can happen, is rare. */
function sequence<Step>(everyday: readonly Step[], last: readonly NoInfer<Step>[]): fc.Arbitrary<Step[]> {
  const steps = fc.array(fc.constantFrom(...everyday), { maxLength: 20 });
  const ending = fc.array(fc.constantFrom(...last), { maxLength: 2 });
  return fc.tuple(steps, ending, steps).map(([before, end, after]) => [...before, ...end, ...after]);
}

describe("the streams of a connection do what native ones do", () => {
  it("when reading", async () => {
    const property = fc.asyncProperty(sequence(READINGS, ["end", "fail", "cancel"]), async (steps) => {
      const direct = await runReads(directSource(), steps);
      expect(byKind(direct)).toEqual(byKind(await runReads(nativeSource(), steps)));
    });
    await fc.assert(property, { numRuns: 1_000 });
  });

  it("when writing", async () => {
    const property = fc.asyncProperty(sequence(WRITINGS, ["close", "refuse"]), async (steps) => {
      const direct = await runWrites(directSink(), steps);
      expect(byKind(direct)).toEqual(byKind(await runWrites(nativeSink(), steps)));
    });
    await fc.assert(property, { numRuns: 1_000 });
  });
});

function directSource(): Source {
  const { connection } = new ScriptedDriver();
  return {
    readable: connection.readable,
    push: (bytes) => void connection.push(bytes),
    end: () => connection.end(),
    fail: (error) => connection.fail(error),
  };
}
