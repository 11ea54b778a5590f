import { type Admin, admin } from "../../../../src/admin/mod.ts";
import { lines, type Server, serve } from "../../../../src/mod.ts";
import { LineConnection } from "../../support/line_connection.ts";

/** The token of the endpoint. */
export const TOKEN = "a-token-of-enough-characters";

/** A server with an admin endpoint, within the process of the test. */
export class WatchedServer implements AsyncDisposable {
  readonly server: Server<string, string>;
  readonly endpoint: Admin;
  readonly #connections: LineConnection[] = [];

  private constructor(server: Server<string, string>, endpoint: Admin) {
    this.server = server;
    this.endpoint = endpoint;
  }

  /** Starts both; the endpoint at a port, if one is given, or at a path. */
  static async start(
    listen: { readonly port: number } | { readonly path: string } = { port: 0 },
    options: { readonly token?: string; readonly group?: string; readonly describe?: () => unknown } = {},
  ): Promise<WatchedServer> {
    const { group = "everyone", ...rest } = options;
    const endpoint = admin({ listen, ...rest });
    await endpoint.start();
    const server = await serve({
      port: 0,
      codec: lines(),
      onConnect: (session) => session.join(group),
      handler: (line: string) => line,
      observer: [endpoint.observer],
    });
    return new WatchedServer(server, endpoint);
  }

  /** The place of the endpoint. */
  get place(): string {
    const { address } = this.endpoint;
    return address.path === undefined ? `127.0.0.1:${address.port}` : `unix:${address.path}`;
  }

  /** Connects, and sends one frame, and so many more. */
  async connect(frames = 0): Promise<void> {
    const { port } = this.server.address as { port: number };
    const connection = new LineConnection(port);
    this.#connections.push(connection);
    connection.send("x\n".repeat(frames + 1));
    for (let sent = 0; sent <= frames; sent++) await connection.line();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.finish();
    await this.server.shutdown();
    await this.endpoint.close();
  }
}
