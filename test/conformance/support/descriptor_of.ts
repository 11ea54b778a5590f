import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Address } from "../../../src/mod.ts";

/** The descriptor of this process that listens at the address. No runtime tells it of all its sockets; Linux does. */
export function descriptorOf(address: Address): number {
  const inode = address.path === undefined ? tcpInode(address.port) : unixInode(address.path);
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) === `socket:[${inode}]`) return Number(fd);
    } catch {
      // It was that of the directory, and is closed.
    }
  }
  throw new Error("no descriptor listens there");
}

function tcpInode(port: number): string | undefined {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const row of readFileSync(table, "utf8").split("\n")) {
      const columns = row.trim().split(/\s+/);
      if (columns[1]?.endsWith(local) && columns[3] === "0A") return columns[9];
    }
  }
  return undefined;
}

function unixInode(path: string): string | undefined {
  const row = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .find((line) => line.endsWith(` ${path}`));
  return row?.split(/\s+/)[6];
}
