import type { FromWorker } from "./messages.ts";

/** The process of a worker, as far as its supervisor speaks with it. */
export interface WorkerHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly connected?: boolean;
  send?(message: FromWorker, ...others: undefined[]): unknown;
  on(event: "message", listener: (message: never, handle: never) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
  disconnect?(): void;
}
