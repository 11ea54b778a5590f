import { afterEach } from "vitest";
import { lines, type ServeOptions, type Server, type ServerEvent, serve } from "../../../src/core/mod.ts";
import { transport as native, type Transport } from "../../../src/mod.ts";
import { type TlsOptions, type TlsStep, tls } from "../../../src/tls/mod.ts";
import { eventually } from "../../conformance/support/platform.ts";
import { pair } from "./certificates.ts";

/** A server with TLS, and what it reported. */
export interface ServedTls {
  readonly server: Server<string, string>;
  readonly step: TlsStep;
  readonly events: ServerEvent[];
  readonly port: number;
  of<Type extends ServerEvent["type"]>(type: Type): Extract<ServerEvent, { type: Type }>[];
  /** Fulfils with the error of the `count`-th connection that was refused. */
  refused(count?: number): Promise<{ code: string; message: string; cause?: unknown }>;
}

const running: Server<string, string>[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) {
    void server.shutdown();
    await server.shutdown();
  }
});

/** Serves lines in capitals, and ends after the test. */
export async function servedTls(
  tlsOptions: Partial<TlsOptions> = {},
  options: Partial<ServeOptions<string, string>> = {},
  transport: Transport = native,
): Promise<ServedTls> {
  const step = tls({ ...pair("server"), ...tlsOptions });
  const events: ServerEvent[] = [];
  const server = await serve<string, string>(transport, {
    port: 0,
    hostname: "127.0.0.1",
    codec: lines(),
    handler: (line) => line.toUpperCase(),
    establish: [step],
    ...options,
    observer: (event) => events.push(event),
  });
  running.push(server);
  const of = <Type extends ServerEvent["type"]>(type: Type) =>
    events.filter((event): event is Extract<ServerEvent, { type: Type }> => event.type === type);
  return {
    server,
    step,
    events,
    port: server.address.port,
    of,
    refused: async (count = 1) => {
      await eventually(() => of("establish-failed").length >= count);
      return of("establish-failed")[count - 1]?.error as { code: string; message: string };
    },
  };
}
