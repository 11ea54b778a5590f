import { describe, expect, it } from "vitest";
import { compute, computed } from "../../../src/cli/services/compute.ts";
import type { Context } from "../../../src/mod.ts";

/** The service looks at nothing else. */
function contextOf(signal: AbortSignal): Context<string> {
  return { signal } as Context<string>;
}

describe("computed", () => {
  it.each([
    ["41", "result: 42 (processed '41')"],
    ["-1", "result: 0 (processed '-1')"],
    ["-42", "result: -41 (processed '-42')"],
    ["+41", "result: 42 (processed '+41')"],
    ["-0", "result: 1 (processed '-0')"],
    ["007", "result: 8 (processed '007')"],
    ["  41\t", "result: 42 (processed '41')"],
    ["9007199254740992", "result: 9007199254740993 (processed '9007199254740992')"],
    ["-9007199254740993", "result: -9007199254740992 (processed '-9007199254740993')"],
    ["9".repeat(50), `result: 1${"0".repeat(50)} (processed '${"9".repeat(50)}')`],
    ["abc", "cannot compute, received: 'abc'"],
    [" abc def ", "cannot compute, received: 'abc def'"],
    ["", "cannot compute, received: ''"],
    ["  ", "cannot compute, received: ''"],
    ["+", "cannot compute, received: '+'"],
    ["+-1", "cannot compute, received: '+-1'"],
    ["- 1", "cannot compute, received: '- 1'"],
    ["1.5", "cannot compute, received: '1.5'"],
    ["1e3", "cannot compute, received: '1e3'"],
    ["0x10", "cannot compute, received: '0x10'"],
    ["1_000", "cannot compute, received: '1_000'"],
    ["٣", "cannot compute, received: '٣'"],
    ["1 2", "cannot compute, received: '1 2'"],
    ["it's", "cannot compute, received: 'it's'"],
  ])("answers %j with %j", (line, reply) => {
    expect(computed(line)).toBe(reply);
  });
});

describe("compute", () => {
  it("answers at once without a delay", () => {
    const { handler } = compute({ delayMs: 0 });
    expect(handler("41", contextOf(new AbortController().signal))).toBe("result: 42 (processed '41')");
  });

  it("answers after the delay", async () => {
    const { handler } = compute({ delayMs: 20 });
    const begun = performance.now();
    expect(await handler("x", contextOf(new AbortController().signal))).toBe("cannot compute, received: 'x'");
    expect(performance.now() - begun).toBeGreaterThanOrEqual(19);
  });

  it("gives up when nobody waits any more, with the reason of the signal", async () => {
    const { handler } = compute({ delayMs: 3_600_000 });
    const controller = new AbortController();
    const reply = handler("41", contextOf(controller.signal));
    controller.abort(new Error("drain-timeout"));
    await expect(reply).rejects.toThrow("drain-timeout");
  });

  it.each([
    [0, 30_000],
    [2_000, 30_000],
    [29_999, 30_000],
    [30_000, 60_000],
    [3_600_000, 3_630_000],
  ])("with a delay of %d ms has a handler deadline of %d ms", (delayMs, handlerTimeoutMs) => {
    expect(compute({ delayMs }).handlerTimeoutMs).toBe(handlerTimeoutMs);
  });
});
