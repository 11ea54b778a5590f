// `spillway connect` in a pipe of real processes.
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { lines, serve } from "../../../src/mod.ts";
import { HostileServer } from "../support/hostile_server.ts";
import { PipedCli } from "../support/piped_cli.ts";

const echo = () => serve({ port: 0, codec: lines({ encoding: "bytes" }), handler: (line) => line, observer: () => {} });

/** More than all pipes, sockets and buffers on the way hold together, or a process may take. */
const MOST_AHEAD = 64 * 1_048_576;
/** A pipe that takes nothing for so long is blocked, also on a busy machine: if it is not, less was taken. */
const BLOCKED_MS = 1_000;

describe("spillway connect between processes", { concurrent: true }, () => {
  it("takes a million lines, and gives a million back", async () => {
    await using server = await echo();
    using cli = new PipedCli("connect", `127.0.0.1:${server.address.port}`);
    let received = 0;
    let last = "";
    cli.child.stdout.setEncoding("latin1").on("data", (text: string) => {
      received += text.length;
      last = (last + text).slice(-20);
    });
    let sent = 0;
    for (let from = 0; from < 1_000_000; from += 10_000) {
      const text = Array.from({ length: 10_000 }, (_, index) => `${from + index}\n`).join("");
      sent += text.length;
      if (!cli.child.stdin.write(text)) await once(cli.child.stdin, "drain");
    }
    cli.child.stdin.end();
    await once(cli.child.stdout, "end");
    expect({ code: await cli.ended, err: cli.stderr, received }).toEqual({ code: 0, err: "", received: sent });
    expect(last.endsWith("\n999998\n999999\n")).toBe(true);
  });

  it("reads no further ahead than it can write: stdin waits while nobody reads stdout", async () => {
    await using server = await echo();
    using cli = new PipedCli("connect", `127.0.0.1:${server.address.port}`, "--wait", "off");
    const block = Buffer.from(`${"x".repeat(1_023)}\n`.repeat(64));
    let sent = 0;
    let isBlocked = false;
    while (!isBlocked && sent < MOST_AHEAD) {
      sent += block.length;
      if (cli.child.stdin.write(block)) continue;
      let onBlocked = () => {};
      const timer = setTimeout(() => onBlocked(), BLOCKED_MS);
      isBlocked = await Promise.race([
        once(cli.child.stdin, "drain").then(() => false),
        new Promise<boolean>((resolve) => {
          onBlocked = () => resolve(true);
        }),
      ]);
      clearTimeout(timer);
    }
    expect(isBlocked).toBe(true);
    cli.child.stdin.end();
    let received = 0;
    for await (const chunk of cli.child.stdout) received += (chunk as Uint8Array).length;
    expect({ code: await cli.ended, err: cli.stderr, received }).toEqual({ code: 0, err: "", received: sent });
  });

  it("ends in order when nobody reads stdout any more", async () => {
    await using server = await echo();
    using cli = new PipedCli("connect", `127.0.0.1:${server.address.port}`);
    cli.child.stdin.write("one\n");
    await once(cli.child.stdout, "data");
    cli.child.stdout.destroy();
    cli.child.stdin.write("two\nthree\n");
    expect(await cli.ended).toBe(0);
    expect(cli.stderr).toBe("");
  });

  it("ends with the peer, though its stdin stays open", async () => {
    await using server = new HostileServer((socket) => void socket.resume().end("bye\n"));
    using cli = new PipedCli("connect", await server.target());
    const [text] = (await once(cli.child.stdout, "data")) as [Buffer];
    expect(text.toString()).toBe("bye\n");
    expect(await cli.ended).toBe(0);
  });
});
