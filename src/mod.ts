/**
 * Spillway: one TCP server library that runs unchanged on Node, Deno and Bun.
 *
 * @module
 */
import { afterIo, type Runtime, runtimeOf, type SignalSource, SpillwayError, type Transport } from "./core/mod.ts";

export * from "./core/api.ts";

/** The transport of the current runtime, loaded on first use. */
let native: Promise<Transport> | undefined;
let loaded: Transport | undefined;

/**
 * TCP and Unix domain sockets on the current runtime, over its own API; on Deno, an inherited descriptor over `node:net`.
 *
 * `listen` and `connect` reject with `runtime-unsupported` on an unknown runtime.
 */
export const transport: Transport = {
  get name() {
    const { Deno, Bun, process } = runtimes();
    if (Bun !== undefined) return `bun ${Bun.version}`;
    if (Deno !== undefined) return `deno ${Deno.version.deno}`;
    return process?.versions?.node === undefined ? "no transport" : `node ${process.versions.node}`;
  },
  listen: async (options) => (await load()).listen(options),
  connect: async (options) => (await load()).connect(options),
  afterIo(callback) {
    if (loaded?.afterIo === undefined) afterIo(callback);
    else loaded.afterIo(callback);
  },
};

interface Runtimes {
  readonly Deno?: { readonly version: { readonly deno: string } };
  readonly Bun?: { readonly version: string };
  readonly process?: { readonly versions?: { readonly node?: string } };
}

function runtimes(): Runtimes {
  return globalThis;
}

/** @throws {SpillwayError} `runtime-unsupported` */
async function load(): Promise<Transport> {
  native ??= importNative();
  loaded = await native;
  return loaded;
}

async function importNative(): Promise<Transport> {
  const { Deno, Bun, process } = runtimes();
  // Deno and Bun are tested first: both have a `process` that claims to be Node.
  if (Bun !== undefined) return (await import("./adapters/bun/mod.ts")).transport;
  if (Deno !== undefined) return denoTransport();
  if (process?.versions?.node !== undefined) return (await import("./adapters/node/mod.ts")).transport;
  throw new SpillwayError("runtime-unsupported", "no TCP here: Spillway runs on Node, Deno and Bun");
}

/** Deno's own listener takes no descriptor, and its `node:net` does. */
async function denoTransport(): Promise<Transport> {
  const { transport: own } = await import("./adapters/deno/mod.ts");
  return {
    ...own,
    get name() {
      return own.name;
    },
    async listen(options) {
      if (options.fd === undefined) return own.listen(options);
      return (await import("./adapters/node/mod.ts")).transport.listen(options);
    },
  };
}

const runtime: Runtime = /* @__PURE__ */ runtimeOf(
  load,
  () => (globalThis as unknown as { process: SignalSource }).process,
);

/**
 * Listens on the current runtime, and serves every connection. With `signals: true`, SIGINT and SIGTERM drain the server.
 *
 * @throws {TypeError | RangeError} an invalid option
 * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`, `runtime-unsupported`
 * @throws the reason of `signal`, if it has already aborted
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 *
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   handler: (line) => line.toUpperCase(),
 * });
 * console.log(server.address.port);
 * ```
 */
export const serve: Runtime["serve"] = runtime.serve;

/**
 * Connects to a server on the current runtime, to send it requests and receive its pushes. For a plain connection, use
 * `transport.connect({ hostname, port })`.
 *
 * @throws {TypeError | RangeError} an invalid option
 * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `connect-aborted`, `connect-failed`, `codec-failed`, `runtime-unsupported`
 *
 * @example
 * ```ts
 * import { connect, lines, serve } from "spillway";
 *
 * await using server = await serve({ port: 0, codec: lines(), handler: (line) => line.toUpperCase() });
 * await using client = await connect({ ...server.address, codec: lines() });
 * console.log(await client.request("hello")); // HELLO
 * ```
 */
export const connect: Runtime["connect"] = runtime.connect;
