import { connect } from "node:net";
import { type ConnectionInfo, lines, type ServerEvent, serve } from "../../../src/mod.ts";
import { proxyProtocol } from "../../../src/proxy_protocol/mod.ts";
import { latin1Text } from "../../../src/proxy_protocol/text_bytes.ts";

/** A server behind a proxy of this machine, which answers a line with what it knows of the connection, and closes. */
export interface Described extends AsyncDisposable {
  /** The address, as HAProxy writes it. */
  readonly address: string;
  /** Fulfils with the first event, past or to come, that is as wanted. */
  event(wanted: (event: ServerEvent) => boolean): Promise<ServerEvent>;
}

export async function describedConnections(path?: string): Promise<Described> {
  const events: ServerEvent[] = [];
  let onEvent = () => {};
  const server = await serve({
    ...(path === undefined ? { hostname: "127.0.0.1", port: 0 } : { path }),
    codec: lines(),
    establish: [proxyProtocol({ from: ["127.0.0.1", "unix"] })],
    handler: (_line, context) => {
      context.close();
      return JSON.stringify(context.session.connection, asText);
    },
    observer: (event) => {
      events.push(event);
      onEvent();
    },
  });
  return {
    address: path === undefined ? `127.0.0.1:${server.address.port}` : `unix@${path}`,
    async event(wanted) {
      for (;;) {
        const found = events.find(wanted);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          onEvent = resolve;
        });
      }
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}

/** Bytes as text. */
function asText(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? latin1Text(value) : value;
}

/** Sends bytes, and a line behind them, through a Unix domain socket. Returns what the server knows of the connection. */
export async function described(path: string, first: Uint8Array = new Uint8Array(0)): Promise<ConnectionInfo> {
  const reply = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect(path, () => {
      socket.write(first);
      socket.end("who am I?\n");
    });
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
  return JSON.parse(reply) as ConnectionInfo;
}
