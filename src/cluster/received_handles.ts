import { SpillwayError } from "../core/mod.ts";
import type { ToWorker } from "./messages.ts";
import type { WorkerHost } from "./worker_host.ts";

/** Collects the sockets that are sent: those without a descriptor. */
export function receiveHandles(
  host: WorkerHost,
  sockets: readonly { readonly fd?: number }[],
): Promise<(object | undefined)[]> {
  const handles: (object | undefined)[] = sockets.map(() => undefined);
  let missing = sockets.filter(({ fd }) => fd === undefined).length;
  return new Promise((resolve, reject) => {
    host.on("message", (message: ToWorker, handle: object | undefined) => {
      if (message.type !== "socket" || handle === undefined) return;
      handles[message.index] = handle;
      missing -= 1;
      if (missing === 0) resolve(handles);
    });
    host.on("disconnect", () => reject(new SpillwayError("listen-failed", "the supervisor has ended")));
    host.send?.({ type: "up" });
    if (missing === 0) resolve(handles);
  });
}
