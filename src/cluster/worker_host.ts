import type { Envelope, FromWorker } from "./messages.ts";

/** The process of a worker, as far as its supervisor speaks with it. */
export interface WorkerHost {
  /** The environment variables. */
  readonly env: Record<string, string | undefined>;
  /** The number of the parent process. */
  readonly ppid?: number;
  /** Whether the channel to the supervisor is open. */
  readonly connected?: boolean;
  /** Says something to the supervisor. Absent in a process that was started without a channel. */
  send?(message: Envelope, ...others: undefined[]): unknown;
  /** Hears what the supervisor says, and what it sends. */
  on(event: "message", listener: (message: unknown, handle?: object) => void): unknown;
  /** Is told that the channel is closed. */
  on(event: "disconnect", listener: () => void): unknown;
  /** Closes the channel. */
  disconnect?(): void;
  /** Ends the process. */
  exit?(code: number): unknown;
}

/** Says something to the supervisor. One that has ended is told of by `disconnect`. */
export function say(host: WorkerHost, message: FromWorker): void {
  if (host.connected !== true) return;
  const envelope: Envelope = { spillway: message };
  (host.send as (message: Envelope, ...others: unknown[]) => unknown)?.call(
    host,
    envelope,
    undefined,
    {},
    () => undefined,
  );
}
