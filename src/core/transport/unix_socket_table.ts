import { PLACING_BYTES } from "./unix_path.ts";

/** The columns of Linux's table before the path. */
const ROW = /^[0-9a-f]+: [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+) +(\d+) (.+)$/i;

/** The type `SOCK_STREAM`. */
const STREAM = "0001";

/** The state of a socket that is not connected: it listens, or takes datagrams. Accepted ones have its path, too. */
const UNCONNECTED = "01";

/** A bound socket. */
interface BoundSocket {
  readonly type: string;
  readonly state: string;
  /** The number that `/proc/self/fd` shows of it, which is not that of its file. */
  readonly inode: string;
  /** The path as it was bound, with NUL as the first character of an abstract one. */
  readonly path: string;
}

function* boundSockets(table: string): Generator<BoundSocket> {
  for (const row of table.split("\n")) {
    const [, type, state, inode, path] = ROW.exec(row) ?? [];
    if (type !== undefined && state !== undefined && inode !== undefined && path !== undefined) {
      yield { type, state, inode, path: path.replace(/^@/, "\0") };
    }
  }
}

/** Returns the path of the socket `inode` in `table`, the text of `/proc/net/unix`; undefined if it has none. */
function pathOfSocket(table: string, inode: string): string | undefined {
  for (const socket of boundSockets(table)) if (socket.inode === inode) return socket.path;
  return undefined;
}

/**
 * Reports whether a process has a socket at `path` that is not connected, whether it was bound to that path or as
 * `listenAtPath` binds. `table` is the text of `/proc/net/unix`, which keeps the paths as they were given, relative ones
 * too. `exists` says whether there is a file: a socket that has one in a directory of its own is not in its place yet.
 */
export function isBound(table: string, path: string, exists: (path: string) => boolean): boolean {
  const base = path.lastIndexOf("/") + 1;
  const [directory, name] = [path.slice(0, base), path.slice(base)];
  for (const socket of boundSockets(table)) {
    if (socket.state !== UNCONNECTED) continue;
    if (socket.path === path) return true;
    const placed = socket.path.startsWith(`${directory}.`) && socket.path.endsWith(`/${name}`);
    if (!placed || socket.type !== STREAM || socket.path.length !== path.length + PLACING_BYTES) continue;
    if (!exists(socket.path)) return true;
  }
  return false;
}

/** The calls of `node:fs` that tell the path of a descriptor. */
export interface DescriptorFiles {
  /** As of `node:fs`. */
  readlinkSync(path: string): string;
  /** As of `node:fs`. */
  readFileSync(path: string, encoding: "utf8"): string;
}

/** Returns the path to which a Unix socket is bound, by its descriptor; empty where the system does not say. */
export function pathOfDescriptor(fd: number, files: DescriptorFiles): string {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(files.readlinkSync(`/proc/self/fd/${fd}`))?.[1];
    if (inode === undefined) return "";
    return pathOfSocket(files.readFileSync("/proc/net/unix", "utf8"), inode) ?? "";
  } catch {
    // Only Linux has /proc, and Deno shows it only to a program with all permissions.
    return "";
  }
}
