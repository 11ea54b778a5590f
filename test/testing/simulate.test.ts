import { describe, expect, it } from "vitest";
import { delimited, lines } from "../../src/core/codecs/mod.ts";
import { readHead, type Service, SpillwayError } from "../../src/core/mod.ts";
import { kindOf } from "../../src/testing/broken_invariant.ts";
import { type ManualClock, type SimulatedClient, type SimulateOptions, simulate } from "../../src/testing/mod.ts";
import { HOSTILE } from "../core/support/hostile.ts";

/** Asks one thing after the other, and looks at the answers. */
async function ask(client: SimulatedClient): Promise<void> {
  for (let count = 0; count < 3; count++) {
    const question = `q${client.number}.${count}`;
    await client.send(`${question}\n`);
    const answer = await client.receiveLine();
    if (answer === undefined) return;
    if (answer !== question.toUpperCase()) throw new Error(`asked ${question}, told ${answer}`);
    await client.pause(client.random.below(2_000));
  }
}

const upper: Pick<SimulateOptions<string, string>, "service" | "client"> = {
  service: (clock, random) => ({
    codec: lines(),
    handler: async (line) => {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, random.below(50)));
      return line.toUpperCase();
    },
  }),
  client: ask,
};

describe("simulate()", () => {
  it("runs a service, with clients and faults, the same for the same seed", async () => {
    const one = await simulate({ ...upper, seed: 5 });
    const other = await simulate({ ...upper, seed: 5 });
    expect(one).toEqual(other);
    expect(Object.values(one.reasons).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(3);
    expect((await simulate({ ...upper, seed: 6 })).hash).not.toBe(one.hash);
  });

  it("keeps its promises for many seeds", async () => {
    for (let seed = 100; seed < 150; seed++) await simulate({ ...upper, seed });
  });

  it("runs the establish steps of a service, and counts whom they refuse", async () => {
    const service: typeof upper.service = async (clock, random, network) => ({
      ...(await upper.service(clock, random, network)),
      establish: [
        async (connection) => {
          const head = await readHead(connection, (bytes) => bytes.indexOf(10) + 1 || undefined);
          if (new TextDecoder().decode(head) === "sesame\n") return connection;
          throw new SpillwayError<"denied">("denied", "not the word");
        },
      ],
    });
    const client = async (peer: SimulatedClient) => {
      await peer.send(peer.number % 2 === 0 ? "sesame\n" : "open up\n");
      await ask(peer);
    };
    const { reasons, refusals } = await simulate({ seed: 5, service, client, clients: 8, faults: 0 });
    expect(refusals).toEqual({ denied: 4 });
    expect(reasons).toEqual({ "remote-closed": 4 });
  });

  it("finds out a step that leaves a timer behind", async () => {
    const service = (clock: ManualClock): Service<string, string> => ({
      codec: lines(),
      handler: (line) => line.toUpperCase(),
      establish: [
        (connection) => {
          clock.setTimeout(() => {}, 90 * 24 * 3_600_000);
          return connection;
        },
      ],
    });
    await expect(simulate({ service, client: ask, seed: 3 })).rejects.toThrow("nothing is left behind: timers: ");
  });

  it("says of a failure its seed, what is enough for it, and what happens then", async () => {
    // Two who ask at once get each other's answers.
    const service = (clock: ManualClock): Service<string, string> => {
      let last = "";
      const handler = async (line: string): Promise<string> => {
        last = line;
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 1_000));
        return last.toUpperCase();
      };
      return { codec: lines(), handler };
    };
    const failed = simulate({ service, client: ask, seed: 3, spanMs: 8_000, faults: 0, clients: 12 });
    failed.catch(() => undefined);
    await expect(failed).rejects.toThrow(/^seed 3: asked q\d+/);
    await expect(failed).rejects.toThrow(/\n2 of 13 acts are enough:\n( {2}[\d.]+ client \d+ connects\n){2}/);
    await expect(failed).rejects.toThrow(/what happens then:\n {2}0\.000 listening\n/);
    await expect(failed).rejects.toThrow(/\n {2}[\d.]+ client (\d+) sends "q\1\.\d\\n"\n/);
  });

  it("checks what Spillway promises: a service that leaves a timer behind is found out", async () => {
    const service = (clock: ManualClock): Service<string, string> => ({
      codec: lines(),
      handler: (line) => line.toUpperCase(),
      onConnect: () => void clock.setTimeout(() => {}, 90 * 24 * 3_600_000),
    });
    await expect(simulate({ service, client: ask, seed: 3 })).rejects.toThrow("nothing is left behind: timers: ");
  });

  it("gives a client whole lines, however they were cut and joined, and no part of one at FIN", async () => {
    const given: (string | undefined)[] = [];
    await simulate({
      seed: 1,
      clients: 1,
      faults: 0,
      conditions: () => ({ latencyMs: 1, jitterMs: 0, bytesPerSecond: Infinity, bufferBytes: 64, cutting: "fine" }),
      service: () => ({ codec: delimited({ delimiter: "!" }), handler: (word) => word }),
      client: async (client) => {
        await client.send("zwölf\n\n2!\n!bye!");
        await client.finish();
        for (let count = 0; count < 4; count++) given.push(await client.receiveLine());
      },
    });
    expect(given).toEqual(["zwölf", "", "2!", undefined]);
  });

  it.each<[string, Partial<SimulateOptions<string, string>>]>([
    ["a seed below 0", { seed: -1 }],
    ["no clients", { clients: 0 }],
    ["half a fault", { faults: 0.5 }],
    ["no time", { spanMs: 0 }],
    ["time without end", { spanMs: Infinity }],
  ])("refuses to run with %s", async (_name, wrong) => {
    await expect(simulate({ ...upper, seed: 1, ...wrong })).rejects.toThrow(RangeError);
  });
});

it.each(HOSTILE)("a simulation tells the kind of what was thrown, whatever it is: %s", (_name, thrown) => {
  expect(typeof kindOf(thrown)).toBe("string");
});
