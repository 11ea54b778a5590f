import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import compute, { DELAY_MS } from "../../examples/compute.ts";
import drainingEcho from "../../examples/draining_echo.ts";
import echo from "../../examples/echo.ts";
import prefixedEcho from "../../examples/prefixed_echo.ts";
import { type ServeOptions, type Server, serve } from "../../src/mod.ts";

/** Sends everything, then FIN; gives all that comes back. */
function talk(server: Server<never, never>, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect({ port: server.address.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.setEncoding("utf8").on("data", (part: string) => {
      received += part;
    });
    socket.on("error", reject);
    socket.on("end", () => {
      socket.end();
      resolve(received);
    });
    socket.end(text);
  });
}

async function serveExample<In, Out>(service: Omit<ServeOptions<In, Out>, "port">): Promise<Server<never, never>> {
  return (await serve({ ...service, port: 0 })) as unknown as Server<never, never>;
}

describe("examples", () => {
  it("of echo answers each line with itself", async () => {
    const server = await serveExample(echo);
    expect(await talk(server, "one\r\ntwo\n")).toBe("one\ntwo\n");
    await server.shutdown();
  });

  it("of prefixed echo puts the prefix before each line", async () => {
    const server = await serveExample(prefixedEcho);
    expect(await talk(server, "one\ntwo\n")).toBe("echo: one\necho: two\n");
    await server.shutdown();
  });

  it("compute: four lines take as long as one, and are answered in order", async () => {
    const server = await serveExample(compute);
    const begun = performance.now();
    const replies = await talk(server, "41\nforty-one\n9007199254740993\n-1\n");
    const took = performance.now() - begun;
    expect(replies).toBe("42\ncannot compute forty-one\n9007199254740994\ncannot compute -1\n");
    expect(took).toBeGreaterThanOrEqual(DELAY_MS - 1);
    expect(took).toBeLessThan(2 * DELAY_MS);
    await server.shutdown();
  });

  it("draining echo: a shutdown waits for the reply", async () => {
    const server = await serveExample({
      ...drainingEcho,
      handler: (line, context) => {
        void server.shutdown();
        return drainingEcho.handler(line, context);
      },
    });
    expect(await talk(server, "last words\n")).toBe("last words\n");
    expect(await server.finished).toEqual({ drained: 1, aborted: 0 });
  });
});
