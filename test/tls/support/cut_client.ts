import { Duplex } from "node:stream";
import { connect } from "node:tls";
import type { Connection } from "../../../src/mod.ts";

/**
 * A TLS client of the runtime over a connection, which ends after so many bytes. Fulfils when it is over, with whether the
 * handshake had been completed on its side.
 */
export function cutClient(connection: Connection, cut: number, end: "fin" | "reset"): Promise<boolean> {
  return new Promise((resolve) => {
    const writer = connection.writable.getWriter();
    const reader = connection.readable.getReader();
    let left = cut;
    let secure = false;
    const stop = async (): Promise<void> => {
      if (end === "reset") connection.abort();
      else await writer.close().catch(() => {});
    };
    const stream = new Duplex({
      read() {
        reader.read().then(
          ({ done, value }) => stream.push(done ? null : Buffer.from(value)),
          () => stream.push(null),
        );
      },
      write(chunk: Uint8Array, _encoding, callback) {
        const bytes = new Uint8Array(chunk.subarray(0, left));
        const written = left > 0 ? writer.write(bytes) : Promise.resolve();
        left -= bytes.length;
        written.then(
          () => (left > 0 ? undefined : stop()),
          () => {},
        );
        callback();
      },
    });
    stream.on("error", () => {});
    const socket = connect({ socket: stream, rejectUnauthorized: false, servername: "localhost" });
    socket.on("secureConnect", () => {
      secure = true;
    });
    socket.on("error", () => {});
    if (cut === 0) void stop();
    void connection.closed.then(() => {
      socket.destroy();
      resolve(secure);
    });
    // A peer that is done with FIN, and whose connection is not.
    void reader.closed.catch(() => {});
  });
}
