/**
 * Spillway: one TCP server library that runs unchanged on Node, Deno and Bun.
 *
 * @module
 */
import {
  afterIo,
  type Client,
  type ClientOptions,
  type EstablishStep,
  type Runtime,
  runtimeOf,
  type SignalSource,
  SpillwayError,
  type Transport,
} from "./core/mod.ts";
import type { ProxyHeaderOptions } from "./proxy_protocol/mod.ts";
import type { TlsClientOptions } from "./tls/mod.ts";

export * from "./core/api.ts";

/** The transport of the current runtime, loaded on first use. */
let native: Promise<Transport> | undefined;
let loaded: Transport | undefined;

/**
 * TCP and Unix domain sockets on the current runtime, over its own API; on Deno, an inherited descriptor, and a
 * listener for TLS, over `node:net`.
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
  async hold(options) {
    const own = await load();
    if (own.hold !== undefined) return own.hold(options);
    throw new SpillwayError("runtime-unsupported", "this runtime cannot hold a socket for other processes");
  },
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

/**
 * Deno's own listener takes no socket that is bound already, lends none, and has no sockets that `node:tls` can use; its
 * `node:net` does all of it.
 */
async function denoTransport(): Promise<Transport> {
  const { transport: own } = await import("./adapters/deno/mod.ts");
  return {
    ...own,
    get name() {
      return own.name;
    },
    async listen(options) {
      if (options.fd === undefined && options.detachable !== true) return own.listen(options);
      return (await import("./adapters/node/mod.ts")).transport.listen(options);
    },
    async hold(options) {
      // Its node:net says of most places only that they do not work, and not why.
      if (options.port !== undefined) (await own.listen(options)).close();
      return (await import("./adapters/node/hold.ts")).hold(options);
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

/** Options of {@link connect} that stand for establish steps, before those of `establish`. */
export interface ConnectSteps {
  /** TLS: the step `tlsClient` of `spillway/tls` with these options; `true` for its defaults. Default: false. */
  readonly tls?: boolean | TlsClientOptions;
  /** A PROXY header, before TLS: the step `sendProxyHeader` of `spillway/proxy-protocol` with these options. Default: none. */
  readonly proxyProtocol?: ProxyHeaderOptions;
}

/**
 * Connects to a server on the current runtime, to send it requests and receive its pushes. For a plain connection, use
 * `transport.connect({ hostname, port })`.
 *
 * With `tls: true`, the certificate of the server is verified: its chain, its dates, and its name.
 *
 * @throws {TypeError | RangeError} an invalid option
 * @throws {SpillwayError} `connection-refused`, `connection-timed-out`, `host-not-found`, `connect-aborted`, `connect-failed`, `codec-failed`, `runtime-unsupported`;
 * `tls-failed`, `establish-timeout`, or the code of a step
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
export async function connect<In, Out>(options: ClientOptions<In, Out> & ConnectSteps): Promise<Client<In, Out>> {
  if (!isObject(options) || !("tls" in options || "proxyProtocol" in options)) return runtime.connect(options);
  const { tls, proxyProtocol, ...others } = options;
  const steps = await stepsOf({ tls, proxyProtocol });
  const { establish = [] } = options;
  // A value that is not a list is refused, as by any client.
  return runtime.connect({ ...others, establish: Array.isArray(establish) ? steps.concat(establish) : establish });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** @throws {TypeError} an option that is no step */
async function stepsOf({ tls = false, proxyProtocol }: Given<ConnectSteps>): Promise<EstablishStep[]> {
  const steps: EstablishStep[] = [];
  if (proxyProtocol !== undefined) {
    const { sendProxyHeader } = await import("./proxy_protocol/mod.ts");
    steps.push(sendProxyHeader(proxyProtocol));
  }
  if (tls === false) return steps;
  if (tls !== true && (typeof tls !== "object" || tls === null)) throw new TypeError("tls must be true, or an object");
  const { tlsClient } = await import("./tls/mod.ts");
  steps.push(tlsClient(tls === true ? {} : tls));
  return steps;
}

/** The same options, where `undefined` stands for an option that was not given. */
type Given<Options> = { readonly [Name in keyof Options]: Options[Name] | undefined };
