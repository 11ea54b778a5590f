import {
  type AnyMiddleware,
  type Bytes,
  type ConnectionInfo,
  defineService,
  lines,
  type Middleware,
  type Next,
  serve,
} from "spillway";
import { json, lengthPrefixed, type Payload } from "spillway/codecs";
import { authenticate, logging, rateLimit, timeout, withSignal } from "spillway/middleware";
import type { Reply, Request } from "./codecs.ts";

const log = (): void => {};

export async function aroundText(): Promise<void> {
  await serve({
    port: 0,
    codec: lines(),
    middleware: [
      logging({ log }),
      timeout({ ms: 5 }),
      timeout({ ms: 5, reply: (line) => `late: ${line.trim()}` }),
      rateLimit({ perSecond: 1, onLimit: "close" }),
      rateLimit({ perSecond: 1, onLimit: { reply: (line) => `slow down: ${line.trim()}` } }),
      authenticate({ check: (line) => line.trim() === "sesame", accepted: "in", refused: "out" }),
      (line, context, next) => next(line.trim(), withSignal(context, context.signal)),
      async (line, context, next) => `${String(await next(line, context))}!`,
    ],
    handler: (line) => line,
  });
}

export async function aroundBytes(): Promise<void> {
  await serve({
    port: 0,
    codec: lines({ encoding: "bytes" }),
    middleware: [
      logging({ log }),
      timeout({ ms: 5, reply: (line) => line.subarray(1) }),
      rateLimit({ perSecond: 1, onLimit: { reply: () => Uint8Array.of(1) } }),
      authenticate({ check: (line) => line.length > 1, accepted: Uint8Array.of(1) }),
    ],
    handler: (line) => line,
  });
  await serve({
    port: 0,
    codec: lengthPrefixed({ width: 2 }),
    middleware: [
      logging({ log }),
      timeout({ ms: 5 }),
      timeout({ ms: 5, reply: () => "late" }),
      timeout({ ms: 5, reply: (frame) => frame }),
      rateLimit({ perSecond: 1, onLimit: "wait" }),
      rateLimit({ perSecond: 1, onLimit: { reply: (frame) => frame } }),
      authenticate({ check: async (frame) => frame.length > 1, accepted: "in", refused: Uint8Array.of(1) }),
      (frame, context, next) => next(frame.subarray(1), context),
    ],
    handler: (frame) => frame,
  });
}

export async function aroundJson(): Promise<void> {
  await serve({
    port: 0,
    codec: json<Request, Reply>(lines()),
    state: () => ({ least: 1 }),
    middleware: [
      logging({ log }),
      timeout({ ms: 5 }),
      timeout({ ms: 5, reply: ({ id }, { session }) => ({ ok: id > session.state.least }) }),
      rateLimit({ perSecond: 1, onLimit: "wait" }),
      rateLimit({ perSecond: 1, onLimit: { reply: ({ id }, { session }) => ({ ok: id > session.state.least }) } }),
      authenticate({ check: ({ id }, { session }) => id > session.state.least, accepted: { ok: true } }),
      ({ id }, context, next) => (id > 1 ? next({ id: 1 }, context) : { ok: false }),
    ],
    handler: ({ id }) => ({ ok: id > 1 }),
  });
  await serve({
    port: 0,
    codec: json(lines()),
    middleware: [
      timeout({ ms: 5, reply: () => "late" }),
      rateLimit({ perSecond: 1, onLimit: { reply: () => 1 } }),
      authenticate({ check: (document) => document === 1, accepted: { ok: true } }),
    ],
    handler: (document) => document,
  });
}

/** A middleware that neither answers nor looks at frames fits around every codec; the others name the frames that they fit. */
export async function keptApart(): Promise<void> {
  const everywhere: AnyMiddleware[] = [
    logging({ log }),
    timeout({ ms: 5 }),
    rateLimit({ perSecond: 1, onLimit: "wait" }),
  ];
  const password: Middleware<Bytes, Payload> = authenticate<Bytes, Payload>({ check: (frame) => frame.length > 1 });
  const word = authenticate({ check: (line) => line === "sesame", accepted: "in" });
  const own: Middleware<Request, Reply> = (request, context, next: Next<Request, Reply>) => next(request, context);
  await serve({ port: 0, codec: lines(), middleware: [...everywhere, word], handler: (line) => line });
  await serve({
    port: 0,
    codec: lengthPrefixed({ width: 1 }),
    middleware: [...everywhere, password],
    handler: () => "",
  });
  await serve({
    port: 0,
    codec: json<Request, Reply>(lines()),
    middleware: [...everywhere, own],
    handler: () => ({ ok: true }),
  });
}

interface Visit {
  readonly id: number;
  user?: string;
}

/** The parameter of `state` needs its type: the state is inferred too late for a middleware otherwise. */
export async function withState(): Promise<void> {
  const login = authenticate<string, string, Visit>({
    check: (line, { session }) => {
      session.state.user = line;
      return true;
    },
  });
  const own: Middleware<string, string, Visit> = (line, context, next) => next(line, context);
  const service = defineService({
    codec: lines(),
    middleware: [login, own],
    state: ({ id }: ConnectionInfo): Visit => ({ id }),
    handler: (line, { session }) => `${session.state.user ?? session.state.id}: ${line}`,
  });
  await serve({ ...service, port: 0 });
  await serve({
    port: 0,
    codec: lines(),
    middleware: [login, own],
    state: ({ id }: ConnectionInfo): Visit => ({ id }),
    handler: (line) => line,
  });
  await serve({
    port: 0,
    codec: lines(),
    state: ({ id }): Visit => ({ id }),
    middleware: [(line, { session }, next) => next(`${session.state.id}: ${line}`)],
    handler: (line) => line,
  });
}

export async function wrongOnes(): Promise<void> {
  const codec = json<Request, Reply>(lines());
  const handler = () => ({ ok: true });
  // @ts-expect-error not a reply
  await serve({ port: 0, codec, handler, middleware: [timeout({ ms: 5, reply: () => "late" })] });
  // @ts-expect-error not a reply
  await serve({ port: 0, codec, handler, middleware: [rateLimit({ perSecond: 1, onLimit: { reply: () => "late" } })] });
  // @ts-expect-error not a reply
  await serve({ port: 0, codec, handler, middleware: [authenticate({ check: () => true, accepted: "in" })] });
  // @ts-expect-error not a property of a request
  await serve({ port: 0, codec, handler, middleware: [authenticate({ check: (request) => request.name === "" })] });
  // @ts-expect-error no state
  await serve({ port: 0, codec, handler, middleware: [authenticate({ check: (_, { session }) => session.state.a })] });
  // @ts-expect-error around text
  await serve({ port: 0, codec, handler, middleware: [authenticate<string>({ check: (line) => line === "" })] });
  // @ts-expect-error an option that there is not
  timeout({ ms: 5, answer: () => "late" });
  // @ts-expect-error an option that there is not
  logging({ log, level: "info" });
  // @ts-expect-error a policy that there is not
  rateLimit({ perSecond: 1, onLimit: "drop" });
}

export function sampling(): AnyMiddleware {
  const around: AnyMiddleware = (frame, context, next) => next(frame, context);
  // @ts-expect-error a share, not a function
  const wrong: Pick<AnyMiddleware, "samples"> = { samples: 0.5 };
  return Object.assign(around, wrong, { samples: () => Math.random() < 0.5 });
}
