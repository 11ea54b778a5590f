import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ChildChannel } from "../../src/cluster/child_channel.ts";
import { RUNTIME } from "../cli/support/runtime.ts";

function channel(alone = true) {
  const said: (string | [string, object])[] = [];
  return {
    said,
    channel: new ChildChannel(
      ({ type }, handle) => void said.push(handle === undefined ? type : [type, handle]),
      alone,
    ),
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

  it("has no use for answers that it does not wait for", () => {
    const { channel: to, said } = channel();
    to.onMessage({ type: "take" });
    to.onMessage({ type: "taken" });
    to.sendSocket(0, ONE);
    to.onMessage({ type: "taken" });
    to.onMessage({ type: "pong" });
    expect(said).toEqual(["offer"]);
  });

  it("sends sockets among messages where they need not be alone", () => {
    const { channel: to, said } = channel(false);
    to.send({ type: "ping" });
    to.sendSocket(0, ONE);
    to.onMessage({ type: "taken" });
    to.sendSocket(1, OTHER);
    to.send({ type: "drain" });
    expect(said).toEqual(["ping", ["socket", ONE], ["socket", OTHER], "drain"]);
  });

  it("brings every socket to a child that is busy, and is told a lot meanwhile", async () => {
    const [file, ...before] = RUNTIME.program as [string, ...string[]];
    const program = fileURLToPath(new URL("fixtures/asks_again.mjs", import.meta.url));
    const { stdout } = await promisify(execFile)(file, [...before, program], { timeout: 20_000 });
    const { sends, asked } = JSON.parse(stdout) as { sends: boolean; asked: number };
    expect({ sends, asked }).toEqual({ sends: RUNTIME.name.split(" ")[0] !== "bun", asked: sends ? 100 : 0 });
  }, 30_000);
});
