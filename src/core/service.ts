import type { Clock } from "./clock.ts";
import type { Codec } from "./codec.ts";
import { type ConnectionInfo, checkUpgrade, type Handler } from "./exchange.ts";
import { checkChoice, type Limits } from "./limits.ts";
import type { Observer } from "./observer.ts";

/** What a server does, and what it may take: everything but the runtime. What `spillway serve ./module.ts` runs. */
export interface Service<In = string, Out = In> extends Partial<Limits> {
  /** The address to listen on. Default `127.0.0.1`: only this machine. `0.0.0.0` or `::` for all. */
  readonly hostname?: string;
  /** 0 to 65535; 0 lets the system choose (see `server.address`). */
  readonly port?: number;
  /** How messages are marked in the stream. */
  readonly codec: Codec<In, Out>;
  /** What is computed for each frame. */
  readonly handler: Handler<In, Out>;
  /**
   * What a frame that is too large or malformed does to its connection: ends it with a fault frame (`"close"`, the
   * default), or is dropped, reported to the observer and otherwise ignored (`"skip"`).
   */
  readonly onInvalidFrame?: "close" | "skip";
  /**
   * The server drains, and this connection with it. The frame that is returned, if one is, is sent last: behind the replies
   * to all that was received, unless a handler fails or calls `close()` before. Not called for connections that are on
   * their way out already, nor for those that have another codec by now: an upgrade has its own `onDrain`. What it throws
   * is reported to the observer (`handler-error`), and the connection ends without a goodbye.
   */
  readonly onDrain?: (connection: ConnectionInfo) => Out | undefined | void;
  /**
   * What happens beyond `maxConnections`: new ones stay in the backlog (`"wait"`, the default), or are told
   * `too-many-connections` and closed (`"reject"`).
   */
  readonly onMaxConnections?: "wait" | "reject";
  readonly observer?: Observer;
}

/** Settings of {@link serve}. */
export interface ServeOptions<In = string, Out = In> extends Service<In, Out> {
  readonly port: number;
  /** Time, for tests and simulations. Default: the runtime's own. */
  readonly clock?: Clock;
}

/** @throws {TypeError | RangeError} an option that makes no sense */
export function checkService<In, Out>(options: Service<In, Out>): void {
  const { observer, onInvalidFrame = "close", onMaxConnections = "wait" } = options;
  checkUpgrade(options);
  if (observer !== undefined && typeof observer !== "function") throw new TypeError("observer must be a function");
  checkChoice("onInvalidFrame", onInvalidFrame, ["close", "skip"]);
  checkChoice("onMaxConnections", onMaxConnections, ["wait", "reject"]);
}
