import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  type Exception,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  trace,
} from "@opentelemetry/api";

/** Carries contexts as OpenTelemetry's own context manager does. */
class StoredContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<Args extends unknown[], Run extends (...args: Args) => ReturnType<Run>>(
    active: Context,
    run: Run,
    thisArg?: ThisParameterType<Run>,
    ...args: Args
  ): ReturnType<Run> {
    return this.#storage.run(active, () => run.apply(thisArg, args));
  }

  bind<Target>(_active: Context, target: Target): Target {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

/** Contexts follow asynchronous code from now on. */
export function carryContexts(): void {
  context.setGlobalContextManager(new StoredContexts());
}

/** A span, with all that was told of it. */
export class RecordedSpan {
  readonly name: string;
  readonly options: SpanOptions;
  readonly parent: RecordedSpan | undefined;
  readonly attributes: Attributes;
  readonly exceptions: Exception[] = [];
  readonly links: Link[];
  status: SpanStatus | undefined;
  ends = 0;
  readonly #context: SpanContext;

  constructor(id: number, name: string, options: SpanOptions, parent: RecordedSpan | undefined) {
    this.name = name;
    this.options = options;
    this.parent = parent;
    this.attributes = { ...options.attributes };
    this.links = options.links ?? [];
    this.#context = { traceId: `trace-${id}`, spanId: `span-${id}`, traceFlags: 1 };
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  setAttribute(key: string, value: string): this {
    this.attributes[key] = value;
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }

  recordException(exception: Exception): void {
    this.exceptions.push(exception);
  }

  end(): void {
    this.ends += 1;
  }
}

/** A tracer that keeps its spans. It makes spans active as the SDK's tracer does. */
export class RecordedTracer {
  readonly spans: RecordedSpan[] = [];

  /** The spans of that name. */
  named(name: string): RecordedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  startSpan(name: string, options: SpanOptions = {}): RecordedSpan {
    const parent = options.root === true ? undefined : activeSpan();
    const span = new RecordedSpan(this.spans.length + 1, name, options, parent);
    this.spans.push(span);
    return span;
  }

  startActiveSpan<Result>(name: string, options: SpanOptions, run: (span: RecordedSpan) => Result): Result {
    const span = this.startSpan(name, options);
    return context.with(trace.setSpan(context.active(), span as unknown as Span), () => run(span));
  }
}

/** The span that is active here. */
export function activeSpan(): RecordedSpan | undefined {
  return trace.getSpan(context.active()) as unknown as RecordedSpan | undefined;
}
