import type { FromWorker, ToWorker } from "./messages.ts";

/** The process of a worker, as far as its supervisor speaks with it. */
export interface WorkerHost {
  readonly env: Record<string, string | undefined>;
  readonly connected?: boolean;
  send?(message: FromWorker, ...others: undefined[]): unknown;
  on(event: "message", listener: (message: ToWorker, handle?: object) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
  disconnect?(): void;
}
