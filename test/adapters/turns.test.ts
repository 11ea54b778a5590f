import { describe, expect, it } from "vitest";
import type { AcceptTurns, Connection, HeldSocket } from "../../src/core/mod.ts";
import { transport } from "../../src/mod.ts";
import { runHere, runtime } from "../support/child.ts";

const BURST = 20;
/** One connection, and then another process accepts. */
const ONE: AcceptTurns = { next: () => 0 };

async function textOf(connection: Connection): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of connection.readable) text += decoder.decode(chunk);
  connection.abort();
  return text;
}

describe("a listener in turns", () => {
  it("brings, unharmed, all connections that the runtime has accepted; Bun refuses turns", async () => {
    const held = await transport.hold?.({ hostname: "127.0.0.1", port: 0, backlog: BURST });
    const { address, fd, handle } = held as HeldSocket;
    const listening = transport.listen({
      fd: handle === undefined ? (fd as number) : { address, handle },
      backlog: BURST,
      turns: ONE,
    });
    if (runtime === "bun") return expect(listening).rejects.toMatchObject({ code: "runtime-unsupported" });
    const listener = await listening;
    // All wait when this process, which is blocked meanwhile, looks for connections.
    const burst = runHere("test/adapters/fixtures/burst.mjs", [`${address.port}`, `${BURST}`]);
    expect(burst).toMatchObject({ status: 0, output: "" });
    const texts: Promise<string>[] = [];
    for await (const connection of listener) texts.push(textOf(connection));
    const numbers = (await Promise.all(texts)).map(Number).toSorted((one, other) => one - other);
    // Node accepts one by one, and leaves the others; Deno accepts all that wait.
    expect(numbers).toEqual(runtime === "deno" ? Array.from({ length: BURST }, (_, index) => index) : [0]);
  });
});
