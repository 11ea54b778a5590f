/**
 * The part of Deno that this adapter uses, declared here so that the package type-checks without Deno's types.
 * `test/types` compares these declarations with the real ones.
 */
interface NetAddr {
  readonly hostname: string;
  readonly port: number;
}

export interface TcpConn {
  readonly localAddr: NetAddr;
  readonly remoteAddr: NetAddr;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay(noDelay?: boolean): void;
}

export interface TcpListener {
  readonly addr: NetAddr;
  accept(): Promise<TcpConn>;
  close(): void;
}

export interface Runtime {
  readonly permissions: { querySync(of: { name: "net"; host: string }): { readonly state: string } };
  readonly version: { readonly deno: string };
  listen(options: { hostname: string; port: number; tcpBacklog: number }): TcpListener;
  connect(options: { hostname: string; port: number; signal?: AbortSignal }): Promise<TcpConn>;
}

export function native(): Runtime {
  const { Deno } = globalThis as { Deno?: Runtime };
  if (Deno === undefined) throw new TypeError("the Deno transport runs on Deno only");
  return Deno;
}

export const version = (): string => native().version.deno;
