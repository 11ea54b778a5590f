import { connect } from "node:net";
import { afterEach } from "vitest";
import { type Admin, type AdminOptions, admin } from "../../../src/admin/mod.ts";
import { type Connection, lines, type ServeOptions, type Server, serve } from "../../../src/core/mod.ts";
import { memoryTransport } from "../../../src/testing/mod.ts";

export const TOKEN = "a-token-of-thirty-two-characters";

/** The answer of a route. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** A server in memory with an admin endpoint on a real port. */
export class AdminServed {
  readonly endpoint: Admin;
  readonly server: Server<string, string>;
  readonly #transport = memoryTransport();

  constructor(endpoint: Admin, server: Server<string, string>, transport: ReturnType<typeof memoryTransport>) {
    this.endpoint = endpoint;
    this.server = server;
    this.#transport = transport;
  }

  get port(): number {
    return this.endpoint.address.port as number;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connects to the server, and says a line, which is echoed. */
  async connect(line = "hello"): Promise<Connection> {
    const connection = await this.#transport.connect(this.server.address);
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(`${line}\n`));
    writer.releaseLock();
    const reader = connection.readable.getReader();
    await reader.read();
    reader.releaseLock();
    return connection;
  }

  async ask(
    method: string,
    path: string,
    options: { token?: string | undefined; body?: unknown } = {},
  ): Promise<Answered> {
    const { body, token } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true && text !== "";
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  get(path: string): Promise<Answered> {
    return this.ask("GET", path);
  }

  /** Sends bytes as they are, and returns what comes until the connection ends. */
  raw(text: string): Promise<string> {
    return exchange(this.port, text);
  }
}

/** Sends bytes as they are, and returns what comes until the connection ends. */
export function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      received += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(received));
    socket.write(text);
  });
}

const open: AdminServed[] = [];

afterEach(async () => {
  for (const { endpoint, server } of open.splice(0)) {
    await endpoint.close();
    await server.shutdown({ timeoutMs: 1 });
  }
});

export async function adminServed(
  options: Partial<AdminOptions> = {},
  service: Partial<ServeOptions<string, string>> = {},
): Promise<AdminServed> {
  const endpoint = admin({ listen: { port: 0 }, token: TOKEN, ...options });
  await endpoint.start();
  const transport = memoryTransport();
  const server = await serve(transport, {
    port: 0,
    codec: lines(),
    handler: (line: string) => line.toUpperCase(),
    observer: endpoint.observer,
    ...service,
  });
  const served = new AdminServed(endpoint, server, transport);
  open.push(served);
  return served;
}
