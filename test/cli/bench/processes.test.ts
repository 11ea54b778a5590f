// `spillway bench` in processes of its own.
import process from "node:process";
import { describe, expect, it } from "vitest";
import { lines, serve } from "../../../src/mod.ts";
import { CliProcess } from "../support/cli_process.ts";
import { HostileServer } from "../support/hostile_server.ts";
import { TerminalCli } from "../support/terminal_cli.ts";

const echo = () => serve({ port: 0, codec: lines(), handler: (line) => line, observer: () => {} });

describe("spillway bench with several processes", { concurrent: true }, () => {
  it("divides connections and rate, and merges the results", async () => {
    await using server = await echo();
    const target = `127.0.0.1:${server.address.port}`;
    const load = ["-c", "5", "--processes", "2", "--rate", "200", "--duration", "1s", "--warm-up", "0s"];
    const cli = new CliProcess("bench", target, ...load, "--json");
    expect({ ...(await cli.ended), err: cli.stderr }).toEqual({ code: 0, signal: null, err: "" });
    const { latencyMs, errors, processes, seconds } = JSON.parse(cli.stdout) as {
      latencyMs: { count: number };
      errors: object;
      processes: number;
      seconds: number;
    };
    expect({ errors, processes }).toEqual({ errors: {}, processes: 2 });
    // Each process ends by its own clock, and the longest time is told.
    expect(Math.abs(latencyMs.count - 200 * seconds)).toBeLessThan(10);
    expect(server.stats().accepted).toBe(5);
  });

  it("fails as one process does where nobody listens", async () => {
    const server = await echo();
    const { port } = server.address;
    await server.shutdown();
    const cli = new CliProcess("bench", `127.0.0.1:${port}`, "--processes", "2");
    expect(await cli.ended).toEqual({ code: 1, signal: null });
    expect(cli.stderr.split("\n")).toHaveLength(2);
    expect(cli.stderr).toContain(`spillway: cannot connect to 127.0.0.1:${port}: `);
  });

  // Windows has no signal that another process could handle.
  it.skipIf(process.platform === "win32").each(["1", "2"])(
    "ends early at SIGINT, with the result of %s process(es)",
    async (processes) => {
      let onFrames = () => {};
      const busy = new Promise<void>((resolve) => {
        onFrames = resolve;
      });
      let frames = 0;
      await using server = await serve({
        port: 0,
        codec: lines(),
        handler: (line) => {
          frames += 1;
          if (frames === 1_000) onFrames();
          return line;
        },
        observer: () => {},
      });
      const load = ["-c", "4", "--processes", processes, "--duration", "1h", "--warm-up", "0s", "--json"];
      const cli = new CliProcess("bench", `127.0.0.1:${server.address.port}`, ...load);
      await busy;
      cli.signal("SIGINT");
      expect({ ...(await cli.ended), err: cli.stderr }).toEqual({ code: 0, signal: null, err: "" });
      const { errors, replies } = JSON.parse(cli.stdout) as { errors: object; replies: number };
      expect(errors).toEqual({});
      expect(replies).toBeGreaterThan(0);
    },
  );
});

describe("the processes of a bench", () => {
  it("end when the one that has started them is killed", async () => {
    let onBusy = () => {};
    let onGone = () => {};
    const busy = new Promise<void>((resolve) => {
      onBusy = resolve;
    });
    const gone = new Promise<void>((resolve) => {
      onGone = resolve;
    });
    let frames = 0;
    let closed = 0;
    await using server = await serve({
      port: 0,
      codec: lines(),
      handler: (line) => {
        frames += 1;
        if (frames === 1_000) onBusy();
        return line;
      },
      observer: (event) => {
        if (event.type !== "connection-closed") return;
        closed += 1;
        if (closed === 4) onGone();
      },
    });
    const target = `127.0.0.1:${server.address.port}`;
    const cli = new CliProcess("bench", target, "-c", "4", "--processes", "2", "--duration", "1h", "--warm-up", "0s");
    await busy;
    cli.kill();
    await gone;
    expect((await cli.ended).code).not.toBe(0);
  });
});

// Windows has no pseudo-terminals that Python could open.
describe.skipIf(process.platform === "win32")("spillway bench at a terminal", () => {
  it("shows its progress, and then the result; Ctrl-C ends all of its processes early", async (context) => {
    await using server = await echo();
    const target = `127.0.0.1:${server.address.port}`;
    const cli = new TerminalCli(context, "bench", target, "-c", "2", "--processes", "2", "-d", "1h", "--warm-up", "0s");
    await cli.shows(" replies/s, p50 ");
    cli.type("\x03");
    await cli.shows("throughput  ");
    await cli.shows("errors      none");
    expect(await cli.ended).toBe(0);
  });

  it("ends before it has its connections, too", async (context) => {
    await using server = new HostileServer((socket) => void socket.resume());
    const cli = new TerminalCli(context, "bench", `tls://${await server.target()}`, "--connect-timeout", "1h");
    await new Promise<void>((resolve) => {
      const look = () => (server.connections > 0 ? resolve() : void setImmediate(look));
      look();
    });
    cli.type("\x03");
    expect(await cli.ended).toBe(130);
  });
});
