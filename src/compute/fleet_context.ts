/** The context of a handler in a worker of a fleet. */
export interface FleetContext {
  /** Aborts when the time of the frame is up (`handlerTimeoutMs`), or the worker is forced to end. */
  readonly signal: AbortSignal;
  /** With `redisStreams`: the key that every delivery of one frame has in common. */
  readonly key?: string;
  /** With `redisStreams`: how often this frame was delivered, this time included. More than 1: it may have been handled before. */
  readonly deliveries?: number;
}

/** A function that computes a reply: the handler of a worker. */
export type FleetHandler<In, Out> = (frame: In, context: FleetContext) => Out | PromiseLike<Out>;

/** Returns the context of one frame. Every other property belongs to the connection, which is in another process: reading one throws. */
export function fleetContext(context: FleetContext): FleetContext {
  return new Proxy(context, {
    get(target, name) {
      if (typeof name === "symbol" || Object.hasOwn(target, name)) return Reflect.get(target, name) as unknown;
      if (name === "key" || name === "deliveries" || name === "then") return undefined;
      throw new TypeError(`context.${name} is not available in a worker of a fleet: only context.signal is`);
    },
  });
}
