import { describe, expect, it } from "vitest";
import { type Codec, lines, type Service, SpillwayError } from "../../src/core/mod.ts";
import {
  type FindingKind,
  type SimulateOptions,
  SimulationFailure,
  simulate,
  type TrafficOptions,
  traffic,
} from "../../src/testing/mod.ts";

type Make = SimulateOptions<string, string>["service"];

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Runs seeds until one fails. */
async function firstFailure(
  service: Make,
  seeds: number,
  options: TrafficOptions = {},
  more: Partial<SimulateOptions<string, string>> = {},
): Promise<SimulationFailure> {
  const client = traffic(options);
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      await simulate({ seed, service, client, virtualTime: true, ...more });
    } catch (error) {
      if (error instanceof SimulationFailure) return error;
      throw error;
    }
  }
  throw new Error(`${seeds} seeds have found nothing`);
}

/** Splits at `;`, and loses what it holds when a chunk ends within a frame. */
const forgetful: Codec<string> = {
  decoder: () => {
    let text = "";
    return {
      push: (chunk) => {
        text = new TextDecoder().decode(chunk);
      },
      next: () => {
        const end = text.indexOf(";");
        if (end < 0) return undefined;
        const frame = text.slice(0, end);
        text = text.slice(end + 1);
        return frame;
      },
      end: () => undefined,
      midFrame: false,
    };
  },
  encoder: () => ({ encode: (frame, output) => output.text(`${frame};`) }),
};

/** Writes `;` in a frame as it is. */
const unescaped: Codec<string> = {
  decoder: () => {
    let text = "";
    let ended = false;
    return {
      push: (chunk) => {
        text += new TextDecoder().decode(chunk);
      },
      next: () => {
        const end = text.indexOf(";");
        if (end < 0) {
          if (ended && text !== "") throw new SpillwayError("unexpected-eof", "cut off");
          return undefined;
        }
        const frame = text.slice(0, end);
        text = text.slice(end + 1);
        return frame;
      },
      end: () => {
        ended = true;
      },
      get midFrame() {
        return text !== "";
      },
    };
  },
  encoder: () => ({ encode: (frame, output) => output.text(`${frame};`) }),
};

interface Planted {
  readonly found: FindingKind;
  readonly service: Make;
  readonly frames?: readonly string[];
  /** The most acts that must be left. */
  readonly acts: number;
  readonly says: RegExp;
}

const FRUITS = ["apple", "fig", "pear", "plum"];
const WORDS = Array.from({ length: 40 }, (_, count) => `word ${count}`);

const PLANTED: Readonly<Record<string, Planted>> = {
  "throws on the fourth frame of a connection": {
    found: "handler-failed",
    service: () => ({
      codec: lines(),
      state: () => ({ frames: 0 }),
      handler: (line, { session }) => {
        const state = session.state as { frames: number };
        state.frames += 1;
        if (state.frames === 4 && line !== "apple") throw new Error("the fourth");
        return line;
      },
    }),
    acts: 8,
    says: /the handler threw: the fourth/,
  },
  "rejects for one frame": {
    found: "handler-failed",
    service: () => ({
      codec: lines(),
      handler: async (line) => {
        await sleep(5);
        if (line === "plum") throw new Error("no plums");
        return line;
      },
    }),
    acts: 1,
    says: /no plums/,
  },
  "answers out of order": {
    found: "reply-order",
    service: () => ({
      codec: lines(),
      concurrency: 4,
      handler: async (line, { session }) => {
        await sleep(line.length * 10);
        session.send(line);
        return undefined;
      },
    }),
    acts: 4,
    says: /sent "apple" as its frame 1 and received "(fig|pear|plum)", which is the reply to its frame 2/,
  },
  "answers in the words of another connection": {
    found: "reply-order",
    service: () => {
      let current = "";
      return {
        codec: lines(),
        handler: async (line) => {
          current = line;
          await sleep(800);
          return current;
        },
      };
    },
    frames: WORDS,
    acts: 10,
    says: /which is the reply to a frame of another connection/,
  },
  "mixes two connections up in one reply": {
    found: "reply-differs",
    service: () => {
      let asked = "";
      return {
        codec: lines(),
        handler: async (line) => {
          asked = line;
          await sleep(200);
          return `${asked} has ${line.length} letters`;
        },
      };
    },
    frames: ["fig", "plum", "apple"],
    acts: 16,
    says: /and received "(fig has [45]|plum has [35]|apple has [34]) letters"; one by one, the reply is always "/,
  },
  "answers a frame twice when two come at once": {
    found: "reply-twice",
    service: () => ({
      codec: lines(),
      state: () => ({ last: -Infinity }),
      handler: (line, { session }) => {
        const state = session.state as { last: number };
        if (Date.now() - state.last < 5) session.send(line);
        state.last = Date.now();
        return line;
      },
    }),
    frames: WORDS,
    acts: 5,
    says: /received \d+ replies, not \d+|again, the reply to/,
  },
  "drops a reply that is ready only after FIN": {
    found: "reply-lost",
    service: () => ({
      codec: lines(),
      handler: (line, { session }) => {
        setTimeout(() => session.send(line), 100);
      },
    }),
    acts: 3,
    says: /sent 1 frames and FIN, and received 0 replies, not 1/,
  },
  "never settles for one frame": {
    found: "handler-timeout",
    service: () => ({
      codec: lines(),
      handler: (line) => (line === "pear" ? new Promise<string>(() => undefined) : line),
    }),
    acts: 1,
    says: /has not settled after 30000 ms; .* "pear"/,
  },
  "waits for a goodbye that never comes": {
    found: "drain-cut",
    service: () => ({ codec: lines(), handler: (line) => line, onDrain: () => new Promise<string>(() => undefined) }),
    acts: 2,
    says: /onDrain of connection \d+ had not finished 10000 ms after the drain began/,
  },
  "throws when a connection has ended": {
    found: "hook-failed",
    service: () => ({
      codec: lines(),
      handler: (line) => line,
      onDisconnect: (_, reason) => {
        if (reason === "connection-reset") throw new Error("no reset foreseen");
      },
    }),
    acts: 3,
    says: /onDisconnect threw: no reset foreseen/,
  },
  "throws in a timer": {
    found: "uncaught-error",
    service: () => ({
      codec: lines(),
      handler: (line) => {
        if (line === "fig")
          setTimeout(() => {
            throw new Error("too late");
          }, 10);
        return line;
      },
    }),
    acts: 1,
    says: /too late/,
  },
  "decodes other frames when a frame is cut": {
    found: "frames-differ",
    service: () => ({ codec: forgetful, handler: (frame) => frame }),
    acts: 0,
    says: /in one piece is .*; cut after byte 1, .* is /,
  },
  "encodes a reply that is two frames": {
    found: "frame-undecodable",
    service: () => ({ codec: unescaped, handler: (frame) => (frame === "fig" ? "fig; pear" : frame) }),
    acts: 2,
    says: /encodes the reply "fig; pear" as "fig; pear;", which .* decodes as 2 frames/,
  },
  "throws in its encoder": {
    found: "codec-failed",
    service: () => ({
      codec: {
        decoder: () => lines().decoder(),
        encoder: () => ({
          encode: (line, output) => {
            if (line === "plum") throw new RangeError("a plum");
            output.text(`${line}\n`);
          },
        }),
      },
      handler: (line) => (line === "pear" ? "plum" : line),
    }),
    frames: ["apple", "pear"],
    acts: 1,
    says: /the codec threw: a plum/,
  },
};

describe("a service that", () => {
  it.each(Object.entries(PLANTED))("%s is found out, in few acts, and the seed finds it again", async (_, planted) => {
    const { found, service, frames = FRUITS, acts, says } = planted;
    const failure = await firstFailure(service, 40, { frames });
    expect(failure.what).toMatch(says);
    expect(failure).toMatchObject({ found, repeated: true });
    expect(failure.acts.length, failure.message).toBeLessThanOrEqual(acts);
    expect(failure.advice).toMatch(/\.$/);
    const client = traffic({ frames });
    const again = simulate({ seed: failure.seed, service, client, virtualTime: true });
    await expect(again).rejects.toThrow(failure.message);
  });
});

const good: Make = () => ({
  codec: lines(),
  concurrency: 2,
  handler: async (line) => {
    await sleep(Math.random() * 50);
    return line.toUpperCase();
  },
});

describe("a service without a fault", () => {
  it("is found to have none, with the same traces on every runtime", async () => {
    const client = traffic();
    const hashes: string[] = [];
    let frames = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const result = await simulate({ seed, service: good, client, virtualTime: true });
      hashes.push(result.hash);
      frames += result.frames;
    }
    expect(frames).toBeGreaterThan(200);
    expect(hashes.join(" ")).toBe(HASHES);
  });

  it("may push to others, keep state, and refuse what it does not know", async () => {
    const service: Make = () => ({
      codec: lines(),
      state: () => ({ frames: 0 }),
      onConnect: (session) => {
        session.join("everyone");
        return "welcome";
      },
      handler: (line, { session }) => {
        const state = session.state as { frames: number };
        state.frames += 1;
        session.group("everyone").broadcast(line, { except: session });
        return `${state.frames}: ${line}`;
      },
    });
    const client = traffic({ frames: FRUITS });
    for (let seed = 1; seed <= 15; seed++) await simulate({ seed, service, client, virtualTime: true });
  });

  it("may refuse what comes too fast", async () => {
    const service: Make = () => ({
      codec: lines(),
      state: () => ({ last: -Infinity }),
      handler: (line, { session }) => {
        const state = session.state as { last: number };
        const quick = Date.now() - state.last < 5;
        state.last = Date.now();
        return quick ? "not so fast" : line;
      },
    });
    const client = traffic({ frames: FRUITS });
    for (let seed = 1; seed <= 20; seed++) await simulate({ seed, service, client, virtualTime: true });
    expect(client.facts?.known.telling).toBe(true);
  });

  it("may take numbers, bytes or JSON: clients speak its codec", async () => {
    const client = traffic({ frames: ["one", "two"] });
    const service: Make = () =>
      ({ codec: lines({ encoding: "bytes" }), handler: (line: Uint8Array) => line }) as unknown as Service;
    for (let seed = 1; seed <= 5; seed++) await simulate({ seed, service, client, virtualTime: true });
    expect(client.frames).toMatchObject({ source: "given", symmetric: true });
    expect(client.frames?.known.map(({ shown }) => shown)).toEqual(['"one"', '"two"']);
  });
});

describe("traffic()", () => {
  it("passes each reply to the check, which finds what is wrong with it", async () => {
    const service: Make = () => ({ codec: lines(), handler: (line) => `${line.length === 4 ? 5 : line.length}` });
    const check = (request: string, reply: string) => {
      if (Number(reply) !== request.length) throw new Error(`${reply} is not the length of ${request}`);
    };
    const failure = await firstFailure(service, 20, { frames: (random) => "x".repeat(random.between(1, 6)), check });
    expect(failure).toMatchObject({ found: "check-failed", repeated: true });
    expect(failure.what).toContain("5 is not the length of xxxx");
    expect(failure.acts.length).toBeLessThanOrEqual(2);
  });

  it("leaves out what is allowed", async () => {
    const service: Make = () => ({
      codec: lines(),
      handler: (line) => {
        if (line === "fig") throw new Error("no figs");
        return line;
      },
    });
    const client = traffic({ frames: FRUITS });
    const allow = ["handler-failed"] as const;
    for (let seed = 1; seed <= 5; seed++) await simulate({ seed, service, client, virtualTime: true, allow });
    await expect(
      simulate({ seed: 1, service, client: traffic({ frames: FRUITS }), virtualTime: true }),
    ).rejects.toThrow("no figs");
  });

  it("refuses an unknown option", () => {
    expect(() => traffic({ frame: ["a"] } as never)).toThrow(/unknown option frame; did you mean frames\?/);
  });

  it("ends early with the reason of the signal", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    const client = traffic({ frames: FRUITS });
    const options = { seed: 1, service: good, client, virtualTime: true, signal: controller.signal };
    await expect(simulate(options)).rejects.toThrow("enough");
  });
});

/** Of the first twelve seeds. Changes with what clients do, and with what the core does when. */
const HASHES =
  "4760eccb 34348e83 8762fe4d 9c46c600 bf52ac7f 5f0fee78 68fddddc 7db1e847 dac5c3eb 107b44e3 f059e43b 25e83d45";
