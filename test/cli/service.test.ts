import { describe, expect, it } from "vitest";
import { parseCodecSpec } from "../../src/cli/codec_spec.ts";
import { given } from "../../src/cli/given.ts";
import { chooseService } from "../../src/cli/service.ts";
import { isModulePath } from "../../src/cli/service_module.ts";
import type { SettingName, Settings } from "../../src/cli/setting.ts";
import { SETTINGS } from "../../src/cli/settings.ts";
import type { Context } from "../../src/mod.ts";

/** As if each setting was given as an option. */
function options(settings: Settings) {
  return given(
    Object.entries(settings).map(([name, value]) => {
      const source = SETTINGS.find((setting) => setting.name === name)?.option ?? "";
      return { name: name as SettingName, value, origin: { source, text: `option '${source}'` } };
    }),
  );
}

describe("chooseService", () => {
  it.each([
    [{}, 30_000],
    [{ delayMs: 1_000 }, 30_000],
    [{ delayMs: 30_000 }, 60_000],
    [{ delayMs: 1_000, handlerTimeoutMs: 1_001 }, 30_000],
    [{ delayMs: 0, handlerTimeoutMs: 1 }, 30_000],
  ])("gives compute with %j a handler deadline of %d ms", async (flags, handlerTimeoutMs) => {
    expect(await chooseService("compute", options(flags), "/")).toMatchObject({ handlerTimeoutMs });
  });

  it.each([
    [
      "compute",
      { handlerTimeoutMs: 2_000 },
      "option '--handler-timeout' (2000 ms) must be longer than the --delay of compute (2000 ms)",
    ],
    ["compute", { delayMs: 60_000, handlerTimeoutMs: 30_000 }, "(30000 ms) must be longer"],
    ["compute", { prefix: "" }, "option '--prefix' does not apply to compute"],
    ["echo", { delayMs: 0 }, "option '--delay' does not apply to echo"],
    ["compute", { codec: parseCodecSpec("lines") }, "option '--codec' does not apply to compute"],
    ["compute", { pool: 1 }, "option '--pool' does not apply to compute"],
    ["echo", { pool: 1 }, "option '--pool' does not apply to echo"],
    ["./x.js", { codec: parseCodecSpec("lines") }, "option '--codec' does not apply to a service module"],
    [
      "echo",
      { codec: parseCodecSpec("fixed:4"), maxFrameBytes: 4 },
      "option '--max-frame-bytes' does not apply to --codec fixed:4",
    ],
    ["echo", { codec: parseCodecSpec("fixed:4"), prefix: "" }, "option '--prefix' does not apply to --codec fixed:4"],
    ["echo", { prefix: "a\n" }, `option '--prefix' cannot be "a\\n" with --codec lines: a line cannot contain`],
    [
      "echo",
      { codec: parseCodecSpec("delimited:END"), prefix: "SEND" },
      `option '--prefix' cannot be "SEND" with --codec delimited:END: a reply cannot contain a delimiter`,
    ],
    [
      "echo",
      { codec: parseCodecSpec("u8"), prefix: "x".repeat(256) },
      'xxx" with --codec u8: a length of 256 does not fit 1 bytes',
    ],
    ["./x.js", { maxFrameBytes: 1 }, "option '--max-frame-bytes' does not apply to a service module"],
    ["./x.js", { delayMs: 1 }, "option '--delay' does not apply to a service module"],
    ["./x.js", { prefix: ">" }, "option '--prefix' does not apply to a service module"],
    ["ecko", {}, "unknown service 'ecko': did you mean echo?"],
    ["dance", {}, "unknown service 'dance': use compute, echo, or the path of a module such as ./dance.js"],
    [
      "package.json",
      {},
      "unknown service 'package.json': use compute, echo, or the path of a module such as ./service.js",
    ],
    ["", {}, "unknown service ''"],
  ])("refuses %j with %j", async (name, flags, message) => {
    await expect(chooseService(name, options(flags), "/")).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message) as unknown,
    });
  });

  it.each(["netstring", "content-length", "u16be"])("takes a prefix with a line break for %s", async (codec) => {
    const flags = { codec: parseCodecSpec(codec), prefix: "a\n", maxFrameBytes: 1 };
    const { handler } = await chooseService("echo", options(flags), "/");
    expect(handler(Uint8Array.of(0x62), {} as Context)).toEqual(new TextEncoder().encode("a\nb"));
  });

  it("hands the longest line to the codec", async () => {
    for (const name of ["compute", "echo"]) {
      const { codec } = await chooseService(name, options({ maxFrameBytes: 2 }), "/");
      const decoder = codec.decoder();
      decoder.push(new TextEncoder().encode("123\n"));
      expect(() => decoder.next()).toThrow("more than 2 bytes");
    }
  });
});

describe("isModulePath", () => {
  it.each(["./a", "a/b", "/a", "a.js", "a.mjs", "a.ts", "a.cjs", "a.mts", "../a.cjs"])("%j is one", (name) => {
    expect(isModulePath(name)).toBe(true);
  });

  it.each(["compute", "echo", "a", "a.json", "js", ".jsx"])("%j is not", (name) => {
    expect(isModulePath(name)).toBe(false);
  });
});
