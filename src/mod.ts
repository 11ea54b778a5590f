/**
 * Spillway: one TCP server, written once, that runs unchanged on Node, Deno and Bun.
 *
 * @module
 */
import { afterIo, type Runtime, runtimeOf, type SignalSource, SpillwayError, type Transport } from "./core/mod.ts";

export * from "./core/api.ts";

/** The running runtime's, loaded when it is first used. */
let native: Promise<Transport> | undefined;
let loaded: Transport | undefined;

/**
 * TCP on the running runtime, by its own API.
 *
 * `listen` and `connect` reject with `runtime-unsupported` where there is none.
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
  // Deno and Bun come first: both have a `process` that says Node.
  if (Bun !== undefined) return (await import("./adapters/bun/mod.ts")).transport;
  if (Deno !== undefined) return (await import("./adapters/deno/mod.ts")).transport;
  if (process?.versions?.node !== undefined) return (await import("./adapters/node/mod.ts")).transport;
  throw new SpillwayError("runtime-unsupported", "no TCP here: Spillway runs on Node, Deno and Bun");
}

const runtime: Runtime = /* @__PURE__ */ runtimeOf(
  load,
  () => (globalThis as unknown as { process: SignalSource }).process,
);

/**
 * Listens on the running runtime, and serves every connection. With `signals: true`, SIGINT and SIGTERM drain the server.
 *
 * @throws {TypeError | RangeError} for an option that makes no sense
 * @throws {SpillwayError} `address-in-use`, `address-not-available`, `permission-denied`, `host-not-found`, `listen-failed`, `runtime-unsupported`
 * @throws the reason of `signal`, if that was aborted before
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
 * Connects to a server on the running runtime, to send it requests and get what it pushes. For the bare connection:
 * `transport.connect({ hostname, port })`.
 *
 * @throws {TypeError | RangeError} for an option that makes no sense
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
