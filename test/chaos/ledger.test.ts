import { seededRandom } from "spillway/testing";
import { describe, expect, it } from "vitest";
import { Unframer } from "../support/framings.ts";
import { FRAMINGS } from "./framings.ts";
import { Ledger } from "./ledger.ts";
import { SERVICE_NAMES, type ServiceName } from "./services.ts";

function framesIn(unframer: Unframer, text: string): string[] {
  const frames: string[] = [];
  unframer.push(text, (frame) => frames.push(frame));
  return frames;
}

const SIZES = { padding: 5, delayMs: 0 };

/** A ledger that was greeted, and the texts of what it has asked. */
function asked(service: ServiceName, count: number): { ledger: Ledger; requests: string[] } {
  const ledger = new Ledger(service, "t1");
  ledger.take(service.startsWith("group-") ? "hello 7 10" : "hello 7");
  const unframer = new Unframer(FRAMINGS[service]);
  const random = seededRandom(1);
  const requests = Array.from({ length: count }, () => framesIn(unframer, ledger.ask(random, SIZES))).flat();
  return { ledger, requests };
}

describe("a ledger takes", () => {
  it("the right replies in order, and says what is open", () => {
    const { ledger, requests } = asked("echo", 3);
    expect(ledger).toMatchObject({ id: 7, open: 3 });
    for (const request of requests) ledger.take(request);
    expect(ledger).toMatchObject({ open: 0, replies: 3, frames: 4 });
  });

  it("broadcasts between replies, with gaps, and what a member is told when it leaves", () => {
    const { ledger } = asked("group-drop", 1);
    ledger.take("# 11 ##");
    ledger.take("t1 0");
    ledger.take("# 14 ");
    ledger.askToLeave();
    ledger.take("left 14");
    expect(ledger).toMatchObject({ joinedAt: 10, leftAt: 14, broadcasts: 2, open: 0 });
  });

  it("a fault frame or a goodbye as the last frame", () => {
    const { ledger } = asked("echo", 1);
    ledger.take("bye");
    expect(ledger.goodbye).toBe(true);
    expect(() => ledger.take("error: unexpected-eof")).toThrow("after the last frame");
  });
});

describe("a ledger", () => {
  it.each<[string, string, ServiceName, (ledger: Ledger, requests: readonly string[]) => void]>([
    ["a reply that comes too early", "the wrong reply", "echo", (ledger, [, second]) => ledger.take(second as string)],
    [
      "a reply that comes twice",
      "the wrong reply",
      "echo",
      (ledger, [first]) => [first, first].forEach((frame) => ledger.take(frame as string)),
    ],
    [
      "a reply that is not whole",
      "the wrong reply",
      "echo",
      (ledger, [first]) => ledger.take(first?.slice(0, -1) ?? ""),
    ],
    ["somebody else's reply", "somebody else's frame", "compute", (ledger) => ledger.take("t2 0 0 ")],
    [
      "a reply to nothing",
      "the wrong reply",
      "echo",
      (ledger, all) => [...all, "t1 9 "].forEach((one) => ledger.take(one)),
    ],
    ["a broadcast to who is no member", "no broadcast", "echo", (ledger) => ledger.take("# 11 #")],
    ["a broadcast from before it came", "after broadcast 10", "group-drop", (ledger) => ledger.take("# 10 #")],
    [
      "broadcasts out of order",
      "after broadcast 12",
      "group-drop",
      (ledger) => ["# 12 #", "# 11 #"].forEach((frame) => ledger.take(frame)),
    ],
    ["a broadcast with another's bytes in it", "no broadcast", "group-drop", (ledger) => ledger.take("# 11 ##x")],
  ])("does not take %s", (_name, message, service, run) => {
    const { ledger, requests } = asked(service, 2);
    expect(() => run(ledger, requests)).toThrow(message);
  });

  it("a frame before the greeting", () => {
    expect(() => new Ledger("echo", "t1").take("t1 0 ")).toThrow("before the greeting");
  });
});

describe("a ledger knows what is due for so many bytes", () => {
  it("of a stream, all frames of the requests that are whole", () => {
    const { ledger } = asked("stream", 4);
    const [first, second] = ledger.asked;
    expect(ledger.dueFor(0)).toEqual({ replies: 0, whole: true });
    expect(ledger.dueFor(first?.bytes as number)).toEqual({ replies: first?.replies, whole: true });
    expect(ledger.dueFor((second?.bytes as number) - 1)).toEqual({ replies: first?.replies, whole: false });
  });
});

describe("the framings of the load", () => {
  it.each(SERVICE_NAMES)("of %s are found however they are cut", (service) => {
    const frames = ["a", "", "x".repeat(300), "# 1 "];
    const bytes = frames.map((frame) => FRAMINGS[service].frame(frame)).join("");
    const unframer = new Unframer(FRAMINGS[service]);
    expect(bytes.split("").flatMap((byte) => framesIn(unframer, byte))).toEqual(frames);
    expect(unframer.midFrame).toBe(false);
    expect(framesIn(new Unframer(FRAMINGS[service]), bytes)).toEqual(frames);
  });
});
