import { SpillwayError } from "../errors/errors.ts";

/** The most bytes of a path that `sockaddr_un` has room for, without the NUL at its end. */
const LINUX_BYTES = 107;
/** That of macOS and the BSDs. */
const OTHER_BYTES = 103;

/** The length of `/.XXXXXX`: a listener binds within such a directory beside its path. */
export const PLACING_BYTES = 8;

const encoder = new TextEncoder();

/** Reports whether a path names an abstract socket, which is no file. */
export function isAbstract(path: string): boolean {
  return path.startsWith("\0");
}

/**
 * Checks the path of a Unix domain socket. `reservedBytes` are needed besides, if it is a file. `platform` is that of `node:process`.
 *
 * @throws {TypeError} not a string, empty, or with NUL behind its first character
 * @throws {RangeError} longer than the kernel takes
 * @throws {SpillwayError} `runtime-unsupported`: the system has no such sockets
 */
export function checkUnixPath(path: string, platform: string, reservedBytes = 0): void {
  if (typeof path !== "string") throw new TypeError(`path must be a string, not ${typeof path}`);
  if (path === "" || path === "\0") throw new TypeError("path must not be empty");
  // Behind NUL the kernel, or the runtime, ignores the rest.
  if (path.includes("\0", 1)) throw new TypeError(`path must not have NUL in it: ${JSON.stringify(path)}`);
  if (platform === "win32") {
    throw new SpillwayError("runtime-unsupported", "Unix sockets are not supported on Windows: listen on a port");
  }
  if (isAbstract(path) && platform !== "linux" && platform !== "android") {
    throw new SpillwayError("runtime-unsupported", `only Linux has abstract sockets, not ${platform}: use a path`);
  }
  const reserved = isAbstract(path) ? 0 : reservedBytes;
  const most = (platform === "linux" || platform === "android" ? LINUX_BYTES : OTHER_BYTES) - reserved;
  const { length } = encoder.encode(path);
  if (length > most) throw new RangeError(`path must be at most ${most} bytes, not ${length}: ${JSON.stringify(path)}`);
}
