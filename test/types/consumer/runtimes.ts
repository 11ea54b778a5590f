import { lines, type Server } from "spillway";
import * as bun from "spillway/bun";
import { json, lengthPrefixed } from "spillway/codecs";
import * as deno from "spillway/deno";
import { authenticate } from "spillway/middleware";
import * as node from "spillway/node";
import type { Reply, Request } from "./codecs.ts";
import { same } from "./equal.ts";

const where = { hostname: "localhost", port: 1 };

/** Each runtime's own entry gives the same types as the one for all. */
export async function runtimes(): Promise<void> {
  for (const { connect, serve, transport } of [node, deno, bun]) {
    const server = await serve({
      port: 0,
      codec: lines(),
      state: () => ({ count: 0 }),
      middleware: [authenticate({ check: (line, { session }) => line.length > session.state.count })],
      handler: (line, { session }) => line.repeat(session.state.count),
    });
    same<typeof server, Server<string, string, { count: number }>>(true);
    await serve({ port: 0, codec: lengthPrefixed({ width: 2 }), handler: (frame) => frame });
    await serve({ port: 0, codec: json<Request, Reply>(lines()), handler: ({ id }) => ({ ok: id > 0 }) });
    // @ts-expect-error a number is no line
    await serve({ port: 0, codec: lines(), handler: (line) => line.length });
    // @ts-expect-error the state has no such property
    await serve({ port: 0, codec: lines(), state: () => ({}), handler: (_, { session }) => session.state.name });

    const client = await connect({ ...where, codec: json<Reply, Request>(lines()) });
    const { ok } = await client.request({ id: 1 });
    same<typeof ok, boolean>(true);
    void transport.name;
  }
}
