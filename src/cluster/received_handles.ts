import { SpillwayError } from "../core/mod.ts";
import { isMessage, type ToWorker } from "./messages.ts";
import { say, type WorkerHost } from "./worker_host.ts";

/**
 * Collects the sockets that are sent: those without a descriptor. Says that this process is up, and speaks that version. `onOther` gets
 * what is said meanwhile.
 *
 * @throws {SpillwayError} `listen-failed`: the supervisor has ended
 */
export function receiveHandles(
  host: WorkerHost,
  sockets: readonly { readonly fd?: number }[],
  version: number,
  onOther: (message: ToWorker) => void = () => undefined,
): Promise<(object | undefined)[]> {
  const handles: (object | undefined)[] = sockets.map(() => undefined);
  let missing = sockets.filter(({ fd }) => fd === undefined).length;
  return new Promise((resolve, reject) => {
    host.on("message", (message: unknown, handle: object | undefined) => {
      if (!isMessage(message)) return;
      if (message.type !== "socket") onOther(message);
      if (message.type !== "socket" || handle === undefined) return;
      handles[message.index] = handle;
      missing -= 1;
      if (missing === 0) resolve(handles);
    });
    if (missing === 0) resolve(handles);
    const onDisconnect = () => reject(new SpillwayError("listen-failed", "the supervisor has ended"));
    if (host.connected === true) host.on("disconnect", onDisconnect);
    else onDisconnect();
    say(host, { type: "up", version });
  });
}
