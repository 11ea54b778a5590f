import { clearTimeout, setTimeout } from "node:timers";
import { isError } from "../core/mod.ts";
import { type Connection, type EstablishStep, SpillwayError, type Transport } from "../mod.ts";
import { type Failure, firstLine, runFailure } from "./failure.ts";
import type { Target } from "./target.ts";

/** A connection to make. */
export interface Dial {
  readonly target: Target;
  readonly steps: readonly EstablishStep[];
  /** The time for the connection and its steps together. `Infinity`: no limit. */
  readonly timeoutMs: number;
}

/**
 * Connects, and takes the connection through its establish steps.
 *
 * @throws {SpillwayError} the error of the transport or of a step; `connection-timed-out`
 */
export async function dial(transport: Transport, { target, steps, timeoutMs }: Dial): Promise<Connection> {
  const attempt = new AbortController();
  const { signal } = attempt;
  const timedOut = () => {
    attempt.abort(new SpillwayError("connection-timed-out", `not connected within ${timeoutMs} ms`));
  };
  const timer = timeoutMs === Infinity ? undefined : setTimeout(timedOut, timeoutMs);
  try {
    let connection = await unlessAborted(transport.connect({ ...target.address, signal }), signal);
    const hostname = "hostname" in target.address ? target.address.hostname : undefined;
    for (const step of steps) {
      const below = connection;
      try {
        connection = await unlessAborted(Promise.resolve(step(below, { id: 1, signal, hostname })), signal);
      } catch (error) {
        below.abort(error);
        throw error;
      }
    }
    return connection;
  } finally {
    clearTimeout(timer);
  }
}

/** Settles as `connecting` does, or rejects as soon as `signal` aborts. A connection that is made too late is aborted. */
async function unlessAborted(connecting: Promise<Connection>, signal: AbortSignal): Promise<Connection> {
  return await new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason as Error);
      connecting.then(
        (late) => late.abort(signal.reason),
        () => undefined,
      );
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort);
    connecting.then(
      (connection) => {
        signal.removeEventListener("abort", onAbort);
        resolve(connection);
      },
      (error: Error) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}

/** Explains why there is no connection. */
export function dialFailure({ text }: Target, error: unknown): Failure {
  const denied = isError(error) && isError(error.cause) && error.cause.name === "NotCapable";
  const reason = denied ? "Deno denied the permission; run deno with --allow-net" : firstLine(error);
  // Transports begin with the same words, and the address.
  const message = reason.startsWith("cannot connect to ") ? reason : `cannot connect to ${text}: ${reason}`;
  return runFailure(message, { cause: error });
}
