import {
  type AnyMiddleware,
  type ConnectionInfo,
  checkNumber,
  checkOptions,
  describe,
  type OptionNames,
  type Session,
} from "../../core/mod.ts";
import { type Follower, followed } from "./followed.ts";
import { sampled } from "./sampled.ts";

type Attributes = Record<string, string | number>;

/** The options with which a span is started. */
export interface OpenTelemetrySpanStart {
  /** A `SpanKind`. */
  kind?: number;
  /** Whether the span has no parent. */
  root?: boolean;
  /** The attributes of the span. */
  attributes?: Record<string, string | number>;
  /** The spans to which the span is linked. */
  links?: { context: never }[];
}

/** The methods that a `Span` of `@opentelemetry/api` must have. */
export interface OpenTelemetrySpan {
  /** As of `Span`. */
  spanContext(): object;
  /** As of `Span`. */
  setAttribute(key: string, value: string | number): unknown;
  /** As of `Span`. */
  setStatus(status: { code: number; message?: string }): unknown;
  /** As of `Span`. */
  recordException(exception: string | Error): void;
  /** As of `Span`. */
  end(): void;
}

/** The methods that a `Tracer` of `@opentelemetry/api` must have. */
export interface OpenTelemetryTracer {
  /** As of `Tracer`. */
  startSpan(name: string, options?: OpenTelemetrySpanStart): OpenTelemetrySpan;
  /** As of `Tracer`. */
  startActiveSpan<Result>(
    name: string,
    options: OpenTelemetrySpanStart,
    run: (span: OpenTelemetrySpan) => Result,
  ): Result;
}

/** The `context` of `@opentelemetry/api`. */
export interface OpenTelemetryContext {
  /** As of `ContextAPI`. */
  active(): object;
  /** As of `ContextAPI`. */
  with<Result>(context: never, run: () => Result): Result;
}

/** Settings of {@link tracing}. */
export interface TracingOptions {
  /** A `Tracer` of `@opentelemetry/api`: `trace.getTracer("spillway")`. */
  readonly tracer: OpenTelemetryTracer;
  /** The share of the frames that get a span, from 0 to 1. The tracer's own sampler decides about those. Other frames cost next to nothing. */
  readonly sampleRatio: number;
  /**
   * The `context` of `@opentelemetry/api`. With it, all of a stream runs inside the span of its frame. Without it, only the call of the
   * handler does, with all that the handler awaits. Default: none.
   */
  readonly context?: OpenTelemetryContext;
  /** The source of random numbers from 0 to 1, for tests. Default: `Math.random`. */
  readonly random?: () => number;
}

const OPTIONS: OptionNames<TracingOptions> = { tracer: true, sampleRatio: true, context: true, random: true };

/** `SpanKind` and `SpanStatusCode` of the API. */
const INTERNAL = 0;
const SERVER = 1;
const ERROR = 2;

/**
 * Returns a middleware that makes a span for a sample of the frames, from the call of the handler to its answer; for a stream, to its end.
 * The span is active inside the handler, if OpenTelemetry has a context manager: spans that the handler starts are its children.
 *
 * A span is named `spillway.frame`, and has the number and the addresses of its connection as attributes, and `spillway.outcome`:
 * `replied`, `silent`, `streamed`, `failed` or `aborted`. All spans of one connection link to a span `spillway.connection`, which has no
 * duration, and is made with the first of them.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { context, trace } from "@opentelemetry/api";
 * import { lines, serve } from "spillway";
 * import { tracing } from "spillway/metrics";
 *
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   middleware: [tracing({ tracer: trace.getTracer("spillway"), sampleRatio: 0.01, context })],
 *   handler: (line) => line,
 * });
 * console.log(server.address.port > 0); // true
 * ```
 */
export function tracing(options: TracingOptions): AnyMiddleware {
  checkOptions(options, OPTIONS);
  const { tracer, sampleRatio, context: api, random = Math.random } = options;
  checkTracing(options);
  const connections = new WeakMap<Session<never>, object>();
  const spanOf = (session: Session<never>, attributes: Attributes): object => {
    const known = connections.get(session);
    if (known !== undefined) return known;
    const span = tracer.startSpan("spillway.connection", { kind: INTERNAL, root: true, attributes });
    span.end();
    connections.set(session, span.spanContext());
    return span.spanContext();
  };
  return sampled(
    () => random() < sampleRatio,
    (frame, context, next) => {
      const attributes = attributesOf(context.connection);
      const links = [{ context: spanOf(context.session, attributes) as never }];
      return tracer.startActiveSpan("spillway.frame", { kind: SERVER, attributes, links }, (span) =>
        followed(frame, context, next, followerOf(span, api)),
      );
    },
  );
}

function followerOf(span: OpenTelemetrySpan, api: OpenTelemetryContext | undefined): Follower {
  const active = api?.active() as never;
  return {
    onEnd(outcome, error) {
      span.setAttribute("spillway.outcome", outcome);
      if (outcome === "failed") {
        const text = describe(error);
        span.recordException(error instanceof Error ? error : text);
        span.setStatus({ code: ERROR, message: text });
      }
      span.end();
    },
    pull: (next) => (api === undefined ? next() : api.with(active, next)),
  };
}

/** By the semantic conventions of OpenTelemetry. */
function attributesOf({ id, remoteAddress, localAddress }: ConnectionInfo): Attributes {
  const attributes: Attributes = { "spillway.connection.id": id };
  if (localAddress.path !== undefined)
    return { ...attributes, "network.transport": "unix", "network.local.address": localAddress.path };
  return {
    ...attributes,
    "network.transport": "tcp",
    "network.local.address": localAddress.hostname,
    "network.local.port": localAddress.port,
    ...(remoteAddress.path === undefined && {
      "network.peer.address": remoteAddress.hostname,
      "network.peer.port": remoteAddress.port,
    }),
  };
}

/** @throws {TypeError | RangeError} an invalid option */
function checkTracing({ tracer, sampleRatio, context, random }: TracingOptions): void {
  if (typeof tracer?.startActiveSpan !== "function") {
    throw new TypeError('tracer must be a Tracer of @opentelemetry/api, such as trace.getTracer("spillway")');
  }
  checkNumber("sampleRatio", sampleRatio);
  if (!(sampleRatio >= 0 && sampleRatio <= 1))
    throw new RangeError(`sampleRatio must be from 0 to 1, not ${sampleRatio}`);
  if (context !== undefined && typeof context?.with !== "function") {
    throw new TypeError("context must be the context of @opentelemetry/api");
  }
  if (random !== undefined && typeof random !== "function") throw new TypeError("random must be a function");
}
