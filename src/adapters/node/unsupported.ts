import { type ListenOptions, SpillwayError } from "../../core/mod.ts";
import { isBun, isDeno, versionNumbers } from "./native.ts";

/** The options that not every version, or not every `node:net`, takes. */
type Decisive = { readonly [Name in "ipv6Only" | "noDelay" | "path" | "reusePort" | "turns"]?: ListenOptions[Name] };

/** Refuses what this runtime would ignore. @throws {SpillwayError} `runtime-unsupported` */
export function refuseUnsupported({ ipv6Only, noDelay, path, reusePort, turns }: Decisive): void {
  const [major, minor] = versionNumbers();
  if (reusePort === true && (major < 22 || (major === 22 && minor < 12))) {
    throw unsupported(`reusePort needs Node 22.12, and this is ${major}.${minor}: listen on a port of its own`);
  }
  if (ipv6Only === true && isDeno()) {
    throw unsupported(
      "Deno cannot leave out IPv4: instead of ipv6Only, listen on the IPv6 address itself, such as ::1",
    );
  }
  if (noDelay === false && isBun()) {
    throw unsupported("node:net on Bun cannot delay small writes (noDelay): import from spillway or spillway/bun");
  }
  if (turns !== undefined && isBun()) {
    throw unsupported("node:net on Bun cannot accept in turns, because it cannot listen on a socket again");
  }
  // Such a name is filled up with NUL to its full length, and no program of another kind finds it.
  if (path?.startsWith("\0") && major < 21) {
    throw unsupported(`abstract sockets need Node 21, and this is ${major}.${minor}: use a path`);
  }
}

function unsupported(message: string): SpillwayError {
  return new SpillwayError("runtime-unsupported", message);
}
