import { type Address, type Bytes, checkOptions, type OptionNames } from "../core/mod.ts";
import { endpointsOf } from "./endpoints.ts";
import type { ProxyHeader } from "./header.ts";
import { type TlvOptions, tlvsOf } from "./tlv_fields.ts";
import { writeV1 } from "./v1.ts";
import { writeV2 } from "./v2.ts";

const TLV_OPTIONS: OptionNames<TlvOptions> = {
  alpn: true,
  authority: true,
  uniqueId: true,
  netns: true,
  tls: true,
  others: true,
  crc32c: true,
};
const OPTIONS: OptionNames<ProxyHeaderOptions> = {
  version: true,
  command: true,
  transport: true,
  source: true,
  destination: true,
  ...TLV_OPTIONS,
};

/** The fields that {@link proxyHeader} writes. A {@link ProxyHeader} that was read can be written again. */
export interface ProxyHeaderOptions extends TlvOptions {
  /** Default: 2. Version 1 carries TCP addresses only, and no TLVs. */
  readonly version?: 1 | 2;
  /** Default: `"proxy"`. A `"local"` header has no addresses. Version 1 has no local ones, and says `UNKNOWN`. */
  readonly command?: ProxyHeader["command"];
  /**
   * Default: `"tcp"` or `"unix"`, as the addresses are; without addresses, `"unspecified"`. Version 1 says `UNKNOWN` for all
   * but `"tcp"`.
   */
  readonly transport?: ProxyHeader["transport"];
  /** The original remote address, numeric. Default: none. */
  readonly source?: Address;
  /** The address to which the original peer connected, numeric. Default: none. */
  readonly destination?: Address;
}

/**
 * Returns a PROXY header, to be sent before anything else. If one address is IPv4 and the other IPv6, both are written as
 * IPv6. A zone (`%eth0`) is left out.
 *
 * @throws {TypeError} an unknown option; a hostname that is not numeric; an option that the version, the command or the
 * transport has no place for
 * @throws {RangeError} a port, text or value that is too large
 *
 * @example
 * ```ts
 * import { proxyHeader } from "spillway/proxy-protocol";
 *
 * const source = { hostname: "192.0.2.1", port: 56324 };
 * const destination = { hostname: "198.51.100.7", port: 443 };
 * const line = proxyHeader({ version: 1, source, destination });
 * console.log(new TextDecoder().decode(line).trim()); // PROXY TCP4 192.0.2.1 198.51.100.7 56324 443
 * console.log(proxyHeader({ source, destination, authority: "a.example", crc32c: true }).length); // 47
 * ```
 */
export function proxyHeader(options: ProxyHeaderOptions): Bytes {
  checkHeaderOptions(options);
  const { version = 2, command = "proxy", source, destination } = options;
  checkChoice("version", version, [1, 2]);
  checkChoice("command", command, ["proxy", "local"]);
  const endpoints = source && destination && endpointsOf(source, destination);
  const transport = options.transport ?? defaultTransport(source ?? destination);
  checkChoice("transport", transport, ["tcp", "udp", "unix", "unspecified"]);
  checkAddresses({ ...options, command, transport });
  if (version === 2) return writeV2({ command, transport }, endpoints, tlvsOf(options));
  checkNoTlvs(options);
  return writeV1(transport, endpoints);
}

/** Returns a header with these addresses, if it names addresses and has none of its own. @throws as {@link proxyHeader} */
export function completedHeader(options: ProxyHeaderOptions, source: Address, destination: Address): Bytes {
  checkHeaderOptions(options);
  if (!hasAddresses(options)) return proxyHeader(options);
  return proxyHeader({
    ...options,
    source: options.source ?? source,
    destination: options.destination ?? destination,
  });
}

/** @throws {TypeError} not an object, or an unknown option */
export function checkHeaderOptions(options: ProxyHeaderOptions): void {
  checkOptions(options, OPTIONS);
}

/** Reports whether a header names addresses. */
function hasAddresses({ command, transport }: ProxyHeaderOptions): boolean {
  return command !== "local" && transport !== "unspecified";
}

function defaultTransport(address: Address | undefined): ProxyHeader["transport"] {
  if (address === undefined) return "unspecified";
  return address.path === undefined ? "tcp" : "unix";
}

function checkAddresses(options: ProxyHeaderOptions): void {
  const { command, transport, source, destination } = options;
  const given = [source, destination].filter((address) => address !== undefined).length;
  if (!hasAddresses(options)) {
    if (given === 0) return;
    const what = command === "local" ? `the command "local"` : `the transport "unspecified"`;
    throw new TypeError(`${what} has no source and no destination`);
  }
  if (given < 2) throw new TypeError("source and destination must both be given");
  if ((transport === "unix") !== (source?.path !== undefined)) {
    const needed = transport === "unix" ? "a path" : "a hostname and a port";
    throw new TypeError(`with the transport ${JSON.stringify(transport)} source and destination must have ${needed}`);
  }
}

function checkNoTlvs(options: ProxyHeaderOptions): void {
  for (const name of Object.keys(TLV_OPTIONS) as (keyof TlvOptions)[]) {
    const value = options[name];
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) continue;
    throw new TypeError(`version 1 has no place for ${name}: use version 2`);
  }
}

function checkChoice(name: string, value: unknown, choices: readonly unknown[]): void {
  if (choices.includes(value)) return;
  const all = choices.map((choice) => JSON.stringify(choice)).join(" or ");
  throw new RangeError(`${name} must be ${all}, not ${JSON.stringify(value)}`);
}
