import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ChildChannel } from "../../src/cluster/child_channel.ts";
import { RUNTIME } from "../cli/support/runtime.ts";

function channel() {
  const said: (string | [string, object])[] = [];
  return {
    said,
    channel: new ChildChannel(({ type }, handle) => void said.push(handle === undefined ? type : [type, handle])),
  };
}

const ONE = { name: "one" };
const OTHER = { name: "other" };

describe("the channel to a child", () => {
  it("says messages at once", () => {
    const { channel: to, said } = channel();
    to.send({ type: "ping" });
    to.send({ type: "drain" });
    expect(said).toEqual(["ping", "drain"]);
  });

  it("sends a socket alone: behind what the child has read, and before what it has not been told", () => {
    const { channel: to, said } = channel();
    to.send({ type: "ping" });
    to.sendSocket(0, ONE);
    to.send({ type: "drain" });
    expect(said).toEqual(["ping", "offer"]);
    to.onMessage({ type: "take" });
    to.send({ type: "force" });
    expect(said).toEqual(["ping", "offer", ["socket", ONE]]);
    to.onMessage({ type: "taken" });
    expect(said).toEqual(["ping", "offer", ["socket", ONE], "drain", "force"]);
  });

  it("offers one socket after the other, and says in between what waits", () => {
    const { channel: to, said } = channel();
    to.sendSocket(0, ONE);
    to.sendSocket(1, OTHER);
    to.send({ type: "ping" });
    for (let sockets = 0; sockets < 2; sockets++) {
      to.onMessage({ type: "take" });
      to.onMessage({ type: "taken" });
    }
    expect(said).toEqual(["offer", ["socket", ONE], "ping", "offer", ["socket", OTHER]]);
  });

  it("knows which messages are about sockets, and has no use for those that nobody waits for", () => {
    const { channel: to, said } = channel();
    expect([to.onMessage({ type: "take" }), to.onMessage({ type: "taken" })]).toEqual([true, true]);
    expect(to.onMessage({ type: "pong" })).toBe(false);
    to.sendSocket(0, ONE);
    to.onMessage({ type: "taken" });
    expect(said).toEqual(["offer"]);
  });

  it("brings every socket to a child that is busy, and is told a lot meanwhile", async () => {
    const [file, ...before] = RUNTIME.program as [string, ...string[]];
    const program = fileURLToPath(new URL("fixtures/asks_again.mjs", import.meta.url));
    const { stdout } = await promisify(execFile)(file, [...before, program], { timeout: 20_000 });
    const { sends, asked } = JSON.parse(stdout) as { sends: boolean; asked: number };
    expect({ sends, asked }).toEqual({ sends: RUNTIME.name.split(" ")[0] !== "bun", asked: sends ? 100 : 0 });
  }, 30_000);
});
