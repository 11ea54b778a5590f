import type { ConnectionInfo, Context, Handler, Service } from "../core/mod.ts";
import type { Simulation } from "./simulation.ts";

/** The same service; the world knows how long its handlers take. What they return goes on as it is. */
export function watched(service: Service<never, never, never>, world: Simulation): Service<never, never, never> {
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

function watchedHandler<In, Out, State>(handler: Handler<In, Out, State>, world: Simulation): Handler<In, Out, State> {
  return (frame, context) => {
    context.upgrade = watchedUpgrade(context, world);
    return note(handler(frame, context), context.connection, world);
  };
}

function watchedUpgrade<Out, State>(context: Context<Out, State>, world: Simulation): Context<Out, State>["upgrade"] {
  const upgrade = context.upgrade.bind(context) as (to: unknown) => void;
  return (to) => upgrade({ ...to, handler: watchedHandler(to.handler, world) });
}

function note<Result>(result: Result, connection: ConnectionInfo, world: Simulation): Result {
  if (typeof result !== "object" || result === null) return result;
  const model = world.modelOf(connection);
  if (Symbol.asyncIterator in result) model.streamed = true;
  else if (typeof (result as unknown as PromiseLike<unknown>).then === "function") {
    const end = model.begin(world.now);
    const settled = (reply: unknown) => {
      if (typeof reply === "object" && reply !== null && Symbol.asyncIterator in reply) model.streamed = true;
      end(world.now);
    };
    (result as unknown as PromiseLike<unknown>).then(settled, settled);
  }
  return result;
}
