import { InvalidArgumentError } from "commander";
import { nearest } from "../core/mod.ts";
import { parseHostname, parsePort, parseWholeNumber } from "./option_values.ts";

/** A place to listen on, as `--listen` names it. */
type ListenPlace =
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number }
  /** A path, or NUL and the name of an abstract socket. */
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "fd"; readonly fd: number }
  /** The descriptors that systemd passes: all of them, or those with a name. */
  | { readonly kind: "systemd"; readonly name?: string };

/** One value of `--listen`. */
export interface ListenSpec {
  /** The value as it was written. */
  readonly text: string;
  /** Whether it speaks TLS. */
  readonly tls: boolean;
  readonly place: ListenPlace;
}

const FORMS = "tcp://host:port, tls://host:port, unix:/path, unix:@name, fd:3 or systemd";
const ANYWHERE = "0.0.0.0 or [::] for all addresses";

type ParsePlace = (rest: string) => ListenPlace;

const PLACES: Readonly<Record<string, ParsePlace>> = {
  tcp: parseTcp,
  tls: parseTcp,
  unix: parseUnix,
  fd: parseDescriptor,
  systemd: parseSystemd,
  "tls+unix": parseUnix,
  "tls+fd": parseDescriptor,
  "tls+systemd": parseSystemd,
};

/**
 * Parses a value of `--listen`: `tcp://host:port`, `unix:/path`, `unix:@abstract`, `fd:3`, `systemd` or `systemd:name`;
 * with TLS `tls://host:port`, `tls+unix:/path`, `tls+fd:3`, `tls+systemd`.
 */
export function parseListenSpec(text: string): ListenSpec {
  const [, scheme = "", rest = ""] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  const parse = Object.hasOwn(PLACES, scheme) ? PLACES[scheme] : undefined;
  if (parse === undefined) throw new InvalidArgumentError(adviceFor(text, scheme));
  return { text, tls: scheme.startsWith("tls"), place: parse(rest) };
}

function adviceFor(text: string, scheme: string): string {
  const [, host = "", port] = /^(?:(.*):)?(\d+)$/.exec(text) ?? [];
  const meant = nearest(scheme, Object.keys(PLACES));
  if (meant !== undefined) return `write ${FORMS} (did you mean ${meant}?)`;
  if (port !== undefined && /^(\[.*\]|[^:/]*)$/.test(host)) {
    return `write ${FORMS} (did you mean tcp://${host === "" ? "127.0.0.1" : host}:${port}?)`;
  }
  return `write ${FORMS}`;
}

function parseTcp(rest: string): ListenPlace {
  const [, host, port] = /^\/\/(\[[^\]]*\]|[^:/?#[\]]*):(\d+)\/?$/.exec(rest) ?? [];
  if (host === undefined || port === undefined) {
    throw new InvalidArgumentError("write a host and a port, such as tcp://127.0.0.1:8080 or tls://[::1]:8443");
  }
  if (host === "" || host === "[]") throw new InvalidArgumentError(`write a host before the port: ${ANYWHERE}`);
  return { kind: "tcp", hostname: parseHostname(host), port: parsePort(port) };
}

function parseUnix(rest: string): ListenPlace {
  if (rest === "" || rest === "@") throw new InvalidArgumentError("write a path, as in unix:/run/spillway.sock");
  if (rest.includes("\0")) throw new InvalidArgumentError("write a path without NUL; unix:@name is an abstract socket");
  return { kind: "unix", path: rest.replace(/^@/, "\0") };
}

function parseDescriptor(rest: string): ListenPlace {
  const fd = parseWholeNumber(rest);
  if (fd === undefined || fd > 2 ** 31 - 1) {
    throw new InvalidArgumentError("write the number of an inherited descriptor, as in fd:3");
  }
  return { kind: "fd", fd };
}

function parseSystemd(rest: string): ListenPlace {
  return rest === "" ? { kind: "systemd" } : { kind: "systemd", name: rest };
}
