import { type Connection, type ConnectOptions, isError } from "../../core/mod.ts";
import { NodeDriver } from "./driver.ts";
import { connectError } from "./errors.ts";
import { connect as connectSocket, keepAlive } from "./native.ts";

/** Connects with `node:net`. */
export function connect({ hostname, port, signal, keepAliveMs }: ConnectOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const options = { host: hostname, port, allowHalfOpen: true, noDelay: true, ...keepAlive(keepAliveMs) };
    const socket = connectSocket(options);
    const onAbort = () => socket.destroy(isError(signal?.reason) ? signal.reason : new Error("aborted"));
    const onError = (cause: Error) => {
      signal?.removeEventListener("abort", onAbort);
      reject(connectError(cause, signal));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      signal?.removeEventListener("abort", onAbort);
      socket.pause();
      resolve(new NodeDriver(socket).connection);
    });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort);
  });
}
