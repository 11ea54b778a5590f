import { SpillwayError } from "../errors/errors.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineQueue } from "../time/deadline.ts";
import { addressText } from "../transport/address_text.ts";
import { Establishing, type EstablishStep } from "../transport/establish.ts";
import type { Connection, ConnectOptions, Transport } from "../transport/transport.ts";

/** Options of an attempt to connect. */
export interface DialOptions {
  readonly to: ConnectOptions;
  /** The number that the connection will have. */
  readonly id: number;
  readonly steps: readonly EstablishStep[];
  readonly connectTimeoutMs: number;
  readonly establishTimeoutMs: number;
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
}

/**
 * Connects, and takes the connection through its establish steps. At a deadline, or when the signal aborts, rejects at
 * once, however long the transport takes to react.
 *
 * @throws {SpillwayError} `connection-timed-out`, `establish-timeout`, `connect-aborted`, or the error of the transport
 * or of a step
 */
export async function dial(transport: Transport, options: DialOptions, signal: AbortSignal): Promise<Connection> {
  const endsAt = options.clock.now() + options.connectTimeoutMs;
  const connection = await connect(transport, options, signal);
  return options.steps.length === 0 ? connection : establish(connection, options, endsAt, signal);
}

function connect(transport: Transport, options: DialOptions, signal: AbortSignal): Promise<Connection> {
  const { to, connectTimeoutMs, clock, deadlines } = options;
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const onAbort = () => giveUp(connectAborted(signal));
    const deadline = new Deadline({ onDeadline: () => giveUp(timedOut(options)) });
    const settle = () => {
      deadlines.disarm(deadline);
      signal.removeEventListener("abort", onAbort);
    };
    const giveUp = (error: SpillwayError) => {
      settle();
      reject(error);
      controller.abort(error);
    };
    if (signal.aborted) return reject(connectAborted(signal));
    signal.addEventListener("abort", onAbort);
    deadline.at = clock.now() + connectTimeoutMs;
    deadlines.arm(deadline);
    void connecting(transport, { ...to, signal: controller.signal }).then(
      (connection) => {
        settle();
        resolve(connection);
        // The connection was made after the attempt had been given up.
        if (controller.signal.aborted) connection.abort();
      },
      (error: SpillwayError) => {
        settle();
        reject(error);
      },
    );
  });
}

/** A transport that throws at once rejects like any other. */
async function connecting(transport: Transport, to: ConnectOptions): Promise<Connection> {
  return transport.connect(to);
}

function establish(
  connection: Connection,
  options: DialOptions,
  endsAt: number,
  signal: AbortSignal,
): Promise<Connection> {
  const { clock, deadlines, id, steps, to } = options;
  const timeoutMs = Math.min(options.establishTimeoutMs, endsAt - clock.now());
  const settings = { clock, deadlines, timeoutMs, ...(to.hostname !== undefined && { hostname: to.hostname }) };
  return new Promise((resolve, reject) => {
    const onAbort = () => establishing.abort(connectAborted(signal));
    const establishing = new Establishing(id, connection, steps, settings, {
      onEstablished: (established) => {
        signal.removeEventListener("abort", onAbort);
        resolve(established);
      },
      onRefused: (error) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    });
    signal.addEventListener("abort", onAbort);
    establishing.start();
    if (signal.aborted) onAbort();
  });
}

/** Returns the error of an attempt that `signal` gave up. */
export function connectAborted(signal: AbortSignal | undefined): SpillwayError {
  return new SpillwayError("connect-aborted", "the attempt to connect was given up", { cause: signal?.reason });
}

function timedOut({ to, connectTimeoutMs }: DialOptions): SpillwayError {
  const message = `${addressText(to)} did not answer within ${connectTimeoutMs} ms`;
  return new SpillwayError("connection-timed-out", message);
}
