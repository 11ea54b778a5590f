/** The thread of a held socket: it listens, and then waits without its event loop, so that it accepts nothing. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { type ListenTarget, listen, type TcpHandlers } from "./native.ts";

/** The `workerData` of the thread. */
export interface HoldingThread {
  readonly to: ListenTarget;
  /** A number that is not 0 when the socket is to be closed. */
  readonly state: SharedArrayBuffer;
}

/** The one message of the thread: the socket that it listens on, or the error. */
export interface ThreadMessage {
  readonly fd?: number | undefined;
  /** Of a TCP socket. */
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
  readonly error?: { readonly message: string; readonly code: string | undefined };
}

const none = () => {};
/** Nothing of this is called. */
const socket: TcpHandlers<unknown> = {
  binaryType: "uint8array",
  open: none,
  data: none,
  drain: none,
  end: none,
  close: none,
  error: none,
};

function holdSocket({ to, state }: HoldingThread, say: (message: ThreadMessage) => void): void {
  try {
    const listener = listen({ ...to, allowHalfOpen: true, socket });
    const name: { address?: string; port?: number } = {};
    listener.getsockname?.(name);
    say({ fd: listener.fd, hostname: listener.hostname ?? name.address, port: listener.port ?? name.port });
    Atomics.wait(new Int32Array(state), 0, 0);
    listener.stop();
  } catch (thrown) {
    const { message, code } = thrown as NodeJS.ErrnoException;
    say({ error: { message, code } });
  }
}

const port: MessagePort | null = parentPort;
if (port !== null) holdSocket(workerData as HoldingThread, (message) => port.postMessage(message));
