/**
 * The part of Bun that this adapter uses, declared here so that the package type-checks without Bun's types.
 * `test/types` compares these declarations with the real ones.
 */
export interface TcpSocket<Data> {
  data: Data;
  // Undefined when the connection was reset before it was accepted, although Bun's own types do not say so.
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  shutdown(): void;
  end(): void;
  terminate(): void;
  setNoDelay(noDelay?: boolean): boolean;
  setKeepAlive(enable?: boolean, initialDelayMs?: number): boolean;
}

export interface TcpHandlers<Data> {
  binaryType: "uint8array";
  open(socket: TcpSocket<Data>): void;
  data(socket: TcpSocket<Data>, chunk: Uint8Array): void;
  drain(socket: TcpSocket<Data>): void;
  end(socket: TcpSocket<Data>): void;
  close(socket: TcpSocket<Data>, cause?: Error): void;
  error(socket: TcpSocket<Data>, cause: Error): void;
  connectError?(socket: TcpSocket<Data>, cause: Error): void;
}

export interface NativeListener {
  /** Fills in what a TCP listener is bound to, and leaves `into` empty for a Unix one. Bun's own types do not have it. */
  getsockname?(into: { address?: string; port?: number }): void;
  readonly hostname?: string;
  readonly port?: number;
  /** The descriptor. Bun's own types do not have it. */
  readonly fd?: number;
  stop(closeActiveConnections?: boolean): void;
}

interface TcpTarget {
  readonly hostname: string;
  readonly port: number;
  readonly ipv6Only?: boolean;
  readonly reusePort?: boolean;
}

interface UnixTarget {
  readonly unix: string;
}

interface Settings<Data> {
  allowHalfOpen: boolean;
  socket: TcpHandlers<Data>;
}

/** The targets of `listen` and of `connect`. */
export type ListenTarget = TcpTarget | UnixTarget | { readonly fd: number };
export type ConnectTarget = TcpTarget | UnixTarget;

export interface Runtime {
  readonly version: string;
  listen<Data>(options: TcpTarget & Settings<Data>): NativeListener;
  listen<Data>(options: UnixTarget & Settings<Data>): NativeListener;
  connect<Data>(options: TcpTarget & Settings<Data>): Promise<TcpSocket<Data>>;
  connect<Data>(options: UnixTarget & Settings<Data>): Promise<TcpSocket<Data>>;
  readonly dns: { lookup(hostname: string): Promise<readonly { readonly address: string }[]> };
}

export function native(): Runtime {
  const { Bun } = globalThis as { Bun?: Runtime };
  if (Bun === undefined) throw new TypeError("the Bun transport runs on Bun only");
  return Bun;
}

/** `Bun.listen`, whose types know no descriptor. */
export function listen<Data>(options: ListenTarget & Settings<Data>): NativeListener {
  return native().listen(options as UnixTarget & Settings<Data>);
}

/** `Bun.connect`. */
export function connect<Data>(options: ConnectTarget & Settings<Data>): Promise<TcpSocket<Data>> {
  return native().connect(options as UnixTarget & Settings<Data>);
}

export const version = (): string => native().version;
