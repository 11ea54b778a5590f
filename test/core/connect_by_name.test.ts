import { describe, expect, it } from "vitest";
import { type Connection, connectByName, SpillwayError } from "../../src/core/mod.ts";

/** Connects to a name with these addresses, all of which refuse, and returns them in the order of the attempts. */
async function attempts(addresses: readonly string[], hostname = "some.test"): Promise<string[]> {
  const tried: string[] = [];
  const connect = (options: { hostname: string }): Promise<Connection> => {
    tried.push(options.hostname);
    return Promise.reject(new SpillwayError("connection-refused", "refused"));
  };
  const lookup = () => Promise.resolve([...addresses]);
  await connectByName({ hostname, port: 1 }, { lookup, connect }).catch(() => undefined);
  return tried;
}

describe("connectByName", () => {
  it.each([
    [
      ["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"],
      ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"],
    ],
    [
      ["1.1.1.1", "2.2.2.2", "::1"],
      ["1.1.1.1", "::1", "2.2.2.2"],
    ],
    [
      ["::1", "1.1.1.1", "2.2.2.2", "3.3.3.3"],
      ["::1", "1.1.1.1", "2.2.2.2", "3.3.3.3"],
    ],
    [
      ["1.1.1.1", "2.2.2.2"],
      ["1.1.1.1", "2.2.2.2"],
    ],
    [["::1"], ["::1"]],
    [[], []],
  ])("tries the families of %j by turns", async (addresses, expected) => {
    expect(await attempts(addresses)).toEqual(expected);
  });

  it.each(["127.0.0.1", "::1", "fe80::1%eth0"])("does not look up %s", async (address) => {
    expect(await attempts(["9.9.9.9"], address)).toEqual([address]);
  });
});
