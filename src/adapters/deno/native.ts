/**
 * The part of Deno that this adapter uses, declared here so that the package type-checks without Deno's types.
 * `test/types` compares these declarations with the real ones.
 */
interface NetAddr {
  readonly hostname: string;
  readonly port: number;
}

interface Conn {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

export interface TcpConn extends Conn {
  readonly localAddr: NetAddr;
  readonly remoteAddr: NetAddr;
  setNoDelay(noDelay?: boolean): void;
}

/** A connection at a path. Deno's addresses of it are not used: they are those of the directory where it was bound. */
export interface UnixConn extends Conn {
  readonly localAddr: { readonly transport: "unix" | "unixpacket" };
}

export interface TcpListener {
  readonly addr: NetAddr;
  accept(): Promise<TcpConn>;
  close(): void;
}

export interface UnixListener {
  accept(): Promise<UnixConn>;
  close(): void;
}

export interface Runtime {
  readonly permissions: { querySync(of: { name: "net"; host: string }): { readonly state: string } };
  readonly version: { readonly deno: string };
  listen(options: { hostname: string; port: number; tcpBacklog: number; reusePort?: boolean }): TcpListener;
  listen(options: { transport: "unix"; path: string }): UnixListener;
  connect(options: { hostname: string; port: number; signal?: AbortSignal }): Promise<TcpConn>;
  connect(options: { transport: "unix"; path: string }): Promise<UnixConn>;
}

export function native(): Runtime {
  const { Deno } = globalThis as { Deno?: Runtime };
  if (Deno === undefined) throw new TypeError("the Deno transport runs on Deno only");
  return Deno;
}

export const version = (): string => native().version.deno;

/** Reports whether Deno runs with `--unstable-net`. It ends the process when something is used that needs it. */
export const hasUnstableNet = (): boolean => "listenDatagram" in native();
