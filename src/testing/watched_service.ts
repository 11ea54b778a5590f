import type { ConnectionInfo, Context, Handler, Service } from "../core/mod.ts";
import type { ServedModel } from "./served_model.ts";
import type { Trace } from "./trace.ts";

/** The observer of a service's work. */
interface Watch {
  readonly now: number;
  readonly trace: Trace;
  /** The units of work in this tick. */
  work: number;
  modelOf(connection: ConnectionInfo): ServedModel;
}

/** Wraps a service so that `world` learns how long its handlers take. Their replies pass unchanged. */
export function watched(service: Service<never, never, never>, world: Watch): Service<never, never, never> {
  const { handler, onConnect, onDisconnect } = service;
  return {
    ...service,
    handler: watchedHandler(handler, world),
    ...(onConnect && {
      onConnect: (session, context) => note(onConnect(session, context), session.connection, world),
    }),
    onDisconnect: (session, reason) => {
      world.trace.add(2 * session.connection.id, `connection ${session.connection.id} told ${reason}`);
      world.modelOf(session.connection).told.push(reason);
      return onDisconnect?.(session, reason);
    },
  };
}

function watchedHandler<In, Out, State>(handler: Handler<In, Out, State>, world: Watch): Handler<In, Out, State> {
  return (frame, context) => {
    world.work += 1;
    context.upgrade = watchedUpgrade(context, world);
    return note(handler(frame, context), context.connection, world);
  };
}

function watchedUpgrade<Out, State>(context: Context<Out, State>, world: Watch): Context<Out, State>["upgrade"] {
  const upgrade = context.upgrade.bind(context) as (to: unknown) => void;
  return (to) => upgrade({ ...to, handler: watchedHandler(to.handler, world) });
}

function note<Result>(result: Result, connection: ConnectionInfo, world: Watch): Result {
  if (typeof result !== "object" || result === null) return result;
  const model = world.modelOf(connection);
  if (isStream(result)) watchStream(result, model, world);
  else if (typeof (result as unknown as PromiseLike<unknown>).then === "function") {
    const end = model.begin(world.now);
    const settled = (reply: unknown) => {
      if (isStream(reply)) watchStream(reply, model, world);
      end(world.now);
    };
    (result as unknown as PromiseLike<unknown>).then(settled, settled);
  }
  return result;
}

function isStream(reply: unknown): reply is AsyncIterable<unknown> {
  return typeof reply === "object" && reply !== null && Symbol.asyncIterator in reply;
}

/** Counts the frames requested from a stream. The stream stays the same object, and the number of microtasks stays the same. */
function watchStream(stream: AsyncIterable<unknown>, model: ServedModel, world: Watch): void {
  model.streamed = true;
  const iterator = stream[Symbol.asyncIterator].bind(stream);
  Reflect.defineProperty(stream, Symbol.asyncIterator, { value: () => counted(iterator(), world) });
}

function counted(iterator: AsyncIterator<unknown>, world: Watch): AsyncIterator<unknown> {
  return {
    next: () => {
      world.work += 1;
      return iterator.next();
    },
    return: (value?: unknown) => iterator.return?.(value) ?? Promise.resolve({ done: true, value }),
  };
}
