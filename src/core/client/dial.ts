import type { Clock } from "../clock.ts";
import { Deadline, type DeadlineQueue } from "../deadline.ts";
import { SpillwayError } from "../errors.ts";
import type { Connection, Transport } from "../transport.ts";

/** Where to, and for how long. */
export interface DialOptions {
  readonly hostname: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs?: number;
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
}

/**
 * Connects, until a deadline or the signal: then rejects at once, however long the transport takes to notice.
 *
 * @throws {SpillwayError} `connection-timed-out`, `connect-aborted`, what the transport throws
 */
export function dial(transport: Transport, options: DialOptions, signal: AbortSignal | undefined): Promise<Connection> {
  const { hostname, port, connectTimeoutMs, keepAliveMs, clock, deadlines } = options;
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const onAbort = () => giveUp(aborted(signal));
    const deadline = new Deadline({ onDeadline: () => giveUp(timedOut(options)) });
    const settle = () => {
      deadlines.disarm(deadline);
      signal?.removeEventListener("abort", onAbort);
    };
    const giveUp = (error: SpillwayError) => {
      settle();
      reject(error);
      controller.abort(error);
    };
    if (signal?.aborted) return reject(aborted(signal));
    signal?.addEventListener("abort", onAbort);
    deadline.at = clock.now() + connectTimeoutMs;
    deadlines.arm(deadline);
    void transport.connect({ hostname, port, signal: controller.signal, ...(keepAliveMs && { keepAliveMs }) }).then(
      (connection) => {
        settle();
        resolve(connection);
        // It came all the same, after it had been given up.
        if (controller.signal.aborted) connection.abort();
      },
      (error: SpillwayError) => {
        settle();
        reject(error);
      },
    );
  });
}

function aborted(signal: AbortSignal | undefined): SpillwayError {
  return new SpillwayError("connect-aborted", "the attempt to connect was given up", { cause: signal?.reason });
}

function timedOut({ hostname, port, connectTimeoutMs }: DialOptions): SpillwayError {
  const message = `${hostname}:${port} did not answer within ${connectTimeoutMs} ms`;
  return new SpillwayError("connection-timed-out", message);
}
