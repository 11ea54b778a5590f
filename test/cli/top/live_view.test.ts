// The live view within this process, at streams that stand for a terminal.
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { AdminClient } from "../../../src/cli/top/admin_client.ts";
import { adminPlaceOf } from "../../../src/cli/top/admin_place.ts";
import { liveView } from "../../../src/cli/top/live_view.ts";
import { Looks } from "../../../src/cli/top/look.ts";
import { Terminal } from "../../../src/cli/top/terminal.ts";
import { initialView } from "../../../src/cli/top/view_state.ts";

function view() {
  const written: string[] = [];
  const raw: boolean[] = [];
  const waiting: (() => void)[] = [];
  const signals = new EventEmitter();
  const uncaught = new EventEmitter();
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 60, rows: 12 });
  let held = false;
  const stdio = {
    out: async () => undefined,
    err: () => undefined,
    stdin,
    stdout,
    lines: (_text: string, done: () => void) => done(),
    screen: (text: string, done: () => void) => {
      written.push(text);
      if (held) waiting.push(done);
      else done();
    },
    terminal: true,
    errTerminal: true,
    colors: false,
    columns: 60,
  };
  const client = new AdminClient(adminPlaceOf("127.0.0.1:1"), undefined);
  const ended = liveView({
    place: "127.0.0.1:1",
    client,
    looks: new Looks(client),
    terminal: new Terminal(stdio, false),
    state: initialView({ sort: "in", descending: true, address: "", group: "" }),
    intervalMs: 100,
    limit: 100,
    hasToken: false,
    environment: { stdio, signals, uncaught },
  });
  return {
    written,
    raw,
    signals,
    uncaught,
    stdin,
    ended,
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
      for (const done of waiting.splice(0)) done();
    },
  };
}

const LEFT = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

describe("the live view", () => {
  it.each(["uncaughtException", "unhandledRejection"])("gives the terminal back at an error: %s", async (event) => {
    const { ended, raw, uncaught, written } = view();
    uncaught.emit(event, new Error("boom"));
    await expect(ended).rejects.toThrow("boom");
    expect({ raw, last: written.at(-1) }).toEqual({ raw: [true, false], last: LEFT });
    expect(uncaught.listenerCount(event)).toBe(0);
  });

  it("takes the signals, and leaves no listener behind", async () => {
    const { ended, raw, signals, written } = view();
    signals.emit("SIGTERM");
    expect(await ended).toBe(130);
    expect({ raw, last: written.at(-1), left: signals.eventNames() }).toEqual({
      raw: [true, false],
      last: LEFT,
      left: ["SIGHUP"],
    });
  });

  it("keeps one screen, the latest, while the terminal takes nothing", async () => {
    const { ended, hold, release, stdin, written } = view();
    hold();
    stdin.write("?");
    await new Promise((resolve) => setImmediate(resolve));
    const before = written.length;
    for (let pressed = 0; pressed < 50; pressed++) {
      stdin.write("?");
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(written.length - before).toBeLessThanOrEqual(1);
    release();
    stdin.write("\x03");
    expect(await ended).toBe(130);
    expect(written.at(-1)).toBe(LEFT);
  });
});
