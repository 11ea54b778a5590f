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

interface TcpListener {
  readonly hostname: string;
  readonly port: number;
  stop(closeActiveConnections?: boolean): void;
}

export interface Runtime {
  readonly version: string;
  listen<Data>(options: ListenSettings<Data>): TcpListener;
  connect<Data>(options: ListenSettings<Data>): Promise<TcpSocket<Data>>;
  readonly dns: { lookup(hostname: string): Promise<readonly { readonly address: string }[]> };
}

interface ListenSettings<Data> {
  hostname: string;
  port: number;
  allowHalfOpen: boolean;
  socket: TcpHandlers<Data>;
}

export function native(): Runtime {
  const { Bun } = globalThis as { Bun?: Runtime };
  if (Bun === undefined) throw new TypeError("the Bun transport runs on Bun only");
  return Bun;
}

export const version = (): string => native().version;
