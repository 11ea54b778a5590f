import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Handler, ServeOptions } from "../../../src/core/mod.ts";
import { type TracingOptions, tracing } from "../../../src/observers/metrics/mod.ts";
import { answers } from "../../core/support/answers.ts";
import { served } from "../../core/support/served.ts";
import { activeSpan, carryContexts, RecordedTracer } from "./support/recorded_tracer.ts";

beforeAll(carryContexts);
afterAll(() => context.disable());

async function traced(
  handler: Handler<string, string>,
  options: Partial<ServeOptions<string, string>> = {},
  tracingOptions: Partial<TracingOptions> = {},
) {
  const tracer = new RecordedTracer();
  const harness = await served({
    ...options,
    handler,
    middleware: [tracing({ tracer, sampleRatio: 1, context, ...tracingOptions }), ...(options.middleware ?? [])],
  });
  return { harness, peer: await harness.connect(), tracer };
}

describe("tracing", () => {
  it("makes a span for a frame, with its connection", async () => {
    const { harness, peer, tracer } = await traced((line) => line);
    await peer.send("a\n");
    const { remoteAddress, localAddress } = harness.of("connection-opened")[0]?.connection ?? {};
    const attributes = {
      "spillway.connection.id": 1,
      "network.transport": "tcp",
      "network.peer.address": remoteAddress?.hostname,
      "network.peer.port": remoteAddress?.port,
      "network.local.address": localAddress?.hostname,
      "network.local.port": localAddress?.port,
    };
    const [frame] = tracer.named("spillway.frame");
    expect(frame).toMatchObject({ ends: 1, parent: undefined, exceptions: [], status: undefined });
    expect(frame?.options.kind).toBe(SpanKind.SERVER);
    expect(frame?.attributes).toEqual({ ...attributes, "spillway.outcome": "replied" });
    expect(tracer.named("spillway.connection")).toMatchObject([{ ends: 1, attributes, options: { root: true } }]);
  });

  it("links all spans of a connection to one", async () => {
    const { harness, peer, tracer } = await traced((line) => line);
    const another = await harness.connect();
    await peer.send("a\nb\n");
    await another.send("c\n");
    const connections = tracer.named("spillway.connection").map((span) => span.spanContext());
    expect(connections).toHaveLength(2);
    const [first, second] = connections;
    expect(tracer.named("spillway.frame").map(({ links }) => links.map((link) => link.context))).toEqual([
      [first],
      [first],
      [second],
    ]);
  });

  it("runs the handler, and what that awaits, inside the span", async () => {
    const pending = answers();
    const active: unknown[] = [];
    const { harness, peer, tracer } = await traced(
      async (line, frame) => {
        active.push(activeSpan());
        const reply = await pending.handler(line, frame);
        active.push(activeSpan());
        return reply as string;
      },
      { concurrency: 2 },
    );
    await peer.send("a\nb\n");
    pending.of("b").resolve("B");
    await harness.settle();
    pending.of("a").resolve("A");
    await harness.settle();
    expect(peer.received).toBe("A\nB\n");
    const [a, b] = tracer.named("spillway.frame");
    expect(active).toEqual([a, b, b, a]);
    expect(activeSpan()).toBeUndefined();
  });

  it("runs a stream inside the span to its end, with the context of the API", async () => {
    const active: unknown[] = [];
    const { peer, tracer } = await traced(async function* (line) {
      active.push(activeSpan());
      yield line;
      active.push(activeSpan());
      yield line;
    });
    await peer.send("a\n");
    const [frame] = tracer.named("spillway.frame");
    expect(active).toEqual([frame, frame]);
    expect(frame).toMatchObject({ ends: 1, attributes: { "spillway.outcome": "streamed" } });
    expect(peer.received).toBe("a\na\n");
  });

  it("makes the span a child of one that is active", async () => {
    const outer = new RecordedTracer();
    const tracer = new RecordedTracer();
    const harness = await served({
      handler: (line) => line,
      middleware: [
        (line, frame, next) => outer.startActiveSpan("outer", {}, () => next(line, frame)),
        tracing({ tracer, sampleRatio: 1 }),
      ],
    });
    await (await harness.connect()).send("a\n");
    expect(tracer.named("spillway.frame")[0]?.parent).toBe(outer.spans[0]);
  });

  const no = new Error("no");
  it.each<readonly [string, Handler<string, string>, string]>([
    ["silent", () => undefined, ""],
    ["replied", (line) => Promise.resolve(line), "a\n"],
    [
      "streamed",
      async function* (line) {
        yield line;
      },
      "a\n",
    ],
    [
      "failed",
      () => {
        throw no;
      },
      "error: handler-failed\n",
    ],
    ["failed", () => Promise.reject(no), "error: handler-failed\n"],
    [
      "failed",
      async function* () {
        yield "one";
        throw no;
      },
      "one\nerror: handler-failed\n",
    ],
  ])("ends the span once, as %s", async (outcome, handler, reply) => {
    const { peer, tracer } = await traced(handler);
    await peer.send("a\n");
    expect(peer.received).toBe(reply);
    const failed = outcome === "failed";
    expect(tracer.named("spillway.frame")).toMatchObject([
      {
        ends: 1,
        attributes: { "spillway.outcome": outcome },
        exceptions: failed ? [no] : [],
        status: failed ? { code: SpanStatusCode.ERROR, message: expect.stringContaining("no") as string } : undefined,
      },
    ]);
  });

  it.each<readonly [string, Handler<string, string>]>([
    ["a handler", answers().handler],
    [
      "a stream",
      async function* () {
        yield "one";
        await new Promise(() => {});
      },
    ],
  ])("ends the span of %s that is not waited for any more, as aborted", async (_name, handler) => {
    const { harness, peer, tracer } = await traced(handler);
    await peer.send("a\n");
    expect(tracer.named("spillway.frame")).toMatchObject([{ ends: 0 }]);
    await peer.reset();
    await harness.clock.advance(60_000);
    expect(tracer.named("spillway.frame")).toMatchObject([{ ends: 1, attributes: { "spillway.outcome": "aborted" } }]);
  });

  it("ends a stream that is not read to its end", async () => {
    let ended = 0;
    const { harness, tracer } = await traced(async function* () {
      try {
        for (;;) yield "x".repeat(1_000);
      } finally {
        ended += 1;
      }
    });
    const peer = await harness.connect({ reads: false });
    await peer.send("a\n");
    await peer.reset();
    await harness.clock.advance(60_000);
    expect(ended).toBe(1);
    expect(tracer.named("spillway.frame")).toMatchObject([{ ends: 1, attributes: { "spillway.outcome": "aborted" } }]);
  });

  it("samples as many frames as it is told to", async () => {
    const numbers = [0.1, 0.25, 0.9, 0.24, 0.5];
    const { peer, tracer } = await traced(
      (line) => line,
      {},
      { sampleRatio: 0.25, random: () => numbers.shift() ?? 1 },
    );
    await peer.send("a\nb\nc\nd\ne\nf\n");
    expect(peer.received).toBe("a\nb\nc\nd\ne\nf\n");
    expect(tracer.named("spillway.frame")).toHaveLength(2);
  });

  it("makes no span at a ratio of 0", async () => {
    const { peer, tracer } = await traced((line) => line, {}, { sampleRatio: 0, random: () => 0 });
    await peer.send("a\n");
    expect([peer.received, tracer.spans]).toEqual(["a\n", []]);
  });

  it("takes the tracer of the API where no SDK is registered", async () => {
    const harness = await served({
      handler: (line) => line,
      middleware: [tracing({ tracer: trace.getTracer("spillway"), sampleRatio: 1, context })],
    });
    const peer = await harness.connect();
    await peer.send("a\n");
    expect(peer.received).toBe("a\n");
  });

  it.each<readonly [string, object, string]>([
    ["no tracer", { tracer: {} }, 'tracer must be a Tracer of @opentelemetry/api, such as trace.getTracer("spillway")'],
    ["no ratio", { sampleRatio: undefined }, "sampleRatio must be a number, not undefined"],
    ["a ratio above 1", { sampleRatio: 2 }, "sampleRatio must be from 0 to 1, not 2"],
    ["a ratio that is no number", { sampleRatio: Number.NaN }, "sampleRatio must be from 0 to 1, not NaN"],
    ["another context", { context: {} }, "context must be the context of @opentelemetry/api"],
    ["no function", { random: 4 }, "random must be a function"],
  ])("refuses options with %s", (_name, options, message) => {
    expect(() => tracing({ tracer: new RecordedTracer(), sampleRatio: 1, ...options })).toThrow(message);
  });
});
