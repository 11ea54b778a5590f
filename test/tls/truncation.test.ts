// How a connection with TLS ends: with close_notify, or with FIN alone.
import { afterEach, describe, expect, it } from "vitest";
import {
  type Connection,
  type EstablishStep,
  lines,
  type ServeOptions,
  type TransportConnection,
} from "../../src/core/mod.ts";
import { transport as native } from "../../src/mod.ts";
import { type TlsOptions, tls, tlsClient } from "../../src/tls/mod.ts";
import { eventually } from "../conformance/support/platform.ts";
import { ca, pair } from "./support/certificates.ts";
import { EndingClient } from "./support/ending_client.ts";
import { freePort } from "./support/free_port.ts";
import { certificate, Openssl, sClient } from "./support/openssl.ts";
import { servedTls } from "./support/served_tls.ts";

const clients: EndingClient[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.stop();
});

/** Leaves TLS no socket of the runtime, only the connection. */
const withoutSocket: EstablishStep = (connection) => {
  Object.defineProperty(connection, "detach", { value: undefined });
  return connection;
};

const WAYS = [
  ["TLSv1.2", "sockets"],
  ["TLSv1.2", "streams"],
  ["TLSv1.3", "sockets"],
  ["TLSv1.3", "streams"],
] as const;

describe.each(WAYS)("a connection with %s over %s", (version, way) => {
  /** Serves, and connects a client. */
  async function connected(options: Partial<ServeOptions<string, string>> = {}, tlsOptions: Partial<TlsOptions> = {}) {
    const step = tls({ ...pair("server"), ...tlsOptions });
    const establish = way === "streams" ? [withoutSocket, step] : [step];
    const served = await servedTls({}, { establish, ...options });
    const client = new EndingClient(await native.connect({ hostname: "127.0.0.1", port: served.port }), version);
    clients.push(client);
    await client.secure();
    const closed = async () => {
      await eventually(() => served.of("connection-closed").length > 0);
      return served.of("connection-closed")[0];
    };
    return { ...served, client, closed };
  }

  it("is truncated when FIN comes alone, and answers what came before", async () => {
    const { client, closed } = await connected();
    await client.send("one\n");
    await client.fin();
    expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 1, framesOut: 1, truncated: true });
    await eventually(() => client.received === "ONE\n");
  });

  it("is truncated behind a line of two bytes, which looks like an alert", async () => {
    const { client, closed } = await connected();
    for (const line of ["a\n", "b\n", "c\n"]) await client.send(line);
    await client.fin();
    expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 3, truncated: true });
    await eventually(() => client.received === "A\nB\nC\n");
  });

  it.each([Infinity, 1, 7])(
    "is not truncated with close_notify, in pieces of %d bytes behind a request",
    async (size) => {
      const { client, closed } = await connected();
      client.hold();
      await client.send("one\n");
      await client.send("2\n");
      await client.closeNotify();
      await client.release(size);
      await client.fin();
      const event = await closed();
      expect(event).toMatchObject({ reason: "remote-closed", framesIn: 2, framesOut: 2 });
      expect(event).not.toHaveProperty("truncated");
    },
  );

  it("is not truncated with close_notify and no FIN, and answers what takes a while", async () => {
    let reply!: (line: string) => void;
    const later = new Promise<string>((resolve) => {
      reply = resolve;
    });
    const { client, closed, server } = await connected({ handler: () => later });
    await client.send("one\n");
    await client.closeNotify();
    await eventually(() => server.stats().framesIn === 1);
    reply("at last");
    const event = await closed();
    expect(event).toMatchObject({ reason: "remote-closed", framesIn: 1, framesOut: 1 });
    expect(event).not.toHaveProperty("truncated");
    await eventually(() => client.received === "at last\n");
  });

  it.each(["close_notify", "FIN"])(
    "that ends with %s while input waits for a handler says so in the end",
    async (end) => {
      let go!: () => void;
      const busy = new Promise<void>((resolve) => {
        go = resolve;
      });
      const { client, closed, server } = await connected({ handler: (line) => busy.then(() => line.toUpperCase()) });
      client.hold();
      for (const line of ["one\n", "two\n", "three\n", "four\n"]) await client.send(line);
      if (end === "close_notify") await client.closeNotify();
      await client.release();
      await client.fin();
      await eventually(() => server.stats().framesIn === 1);
      go();
      const event = await closed();
      expect(event).toMatchObject({ reason: "remote-closed", framesIn: 4, framesOut: 4 });
      expect(event?.truncated).toBe(end === "FIN" ? true : undefined);
      await eventually(() => client.received === "ONE\nTWO\nTHREE\nFOUR\n");
    },
  );

  it("fails if close_notify is required: what was whole is answered, and what the end would end is not", async () => {
    const handled: string[] = [];
    const handler = (line: string) => {
      handled.push(line);
      return line.toUpperCase();
    };
    const options = { codec: lines({ unterminated: "deliver" }), handler };
    const { client, closed } = await connected(options, { requireCloseNotify: true });
    await client.send("whole\nhalf");
    await client.fin();
    expect(await closed()).toMatchObject({
      reason: "unexpected-eof",
      truncated: true,
      error: { code: "unexpected-eof", message: "the connection ended without close_notify: it may have been cut off" },
    });
    expect(handled).toEqual(["whole"]);
    await eventually(() => client.received.startsWith("WHOLE\n"));
  });

  it("ends in order if close_notify is required and comes", async () => {
    const handled: string[] = [];
    const options = { codec: lines({ unterminated: "deliver" }), handler: (line: string) => void handled.push(line) };
    const { client, closed } = await connected(options, { requireCloseNotify: true });
    await client.send("whole\nhalf");
    await client.closeNotify();
    await client.fin();
    expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 2 });
    expect(handled).toEqual(["whole", "half"]);
  });

  it("that the server ends needs no close_notify of the peer", async () => {
    const { client, closed } = await connected({ handler: (_line, { session }) => session.close() });
    await client.send("bye\n");
    await client.ended;
    await client.fin();
    const event = await closed();
    expect(event).toMatchObject({ reason: "handler-closed" });
    expect(event).not.toHaveProperty("truncated");
  });
});

describe.each(["-tls1_2", "-tls1_3"])("openssl s_client (%s)", (flag) => {
  it("is truncated when it is killed, and not when it ends", async () => {
    const { port, of } = await servedTls();
    const closed = async (end: "kill" | "finish", count: number) => {
      const client = sClient(port, flag, "-quiet", "-no_ign_eof");
      client.send(`1 ${end}\n`);
      await client.until(end.toUpperCase());
      client[end]();
      await eventually(() => of("connection-closed").length === count);
      return of("connection-closed")[count - 1];
    };
    expect(await closed("kill", 1)).toMatchObject({ reason: "remote-closed", truncated: true });
    expect(await closed("finish", 2)).not.toHaveProperty("truncated");
  });
});

describe.each(["-tls1_2", "-tls1_3"])("a client of openssl s_server (%s)", (flag) => {
  async function secured(requireCloseNotify: boolean): Promise<{ connection: TransportConnection; server: Openssl }> {
    const port = await freePort();
    const args = [flag, "-accept", `127.0.0.1:${port}`, ...certificate("server"), "-rev"];
    const server = new Openssl(["s_server", ...args]);
    await server.until("ACCEPT");
    const below = await native.connect({ hostname: "127.0.0.1", port });
    const context = { id: 1, signal: new AbortController().signal, hostname: "localhost" };
    return { connection: await tlsClient({ ca, requireCloseNotify })(below, context), server };
  }

  async function reversed(connection: Connection) {
    await connection.writable.getWriter().write(new TextEncoder().encode("hello\n"));
    const reader = connection.readable.getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toBe("olleh\n");
    return reader;
  }

  it("sees that its server is killed", async () => {
    const { connection, server } = await secured(false);
    const reader = await reversed(connection);
    server.kill();
    expect((await reader.read()).done).toBe(true);
    expect(connection.truncated).toBe(true);
    connection.abort();
  });

  it("fails at that if it requires close_notify", async () => {
    const { connection, server } = await secured(true);
    const reader = await reversed(connection);
    server.kill();
    await expect(reader.read()).rejects.toMatchObject({ code: "unexpected-eof" });
    connection.abort();
  });
});
