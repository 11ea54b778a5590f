import { versions } from "node:process";
import { TLSSocket } from "node:tls";
import {
  type Connection,
  checkOptions,
  type DetachingStep,
  type EstablishContext,
  identify,
  type OptionNames,
  readHead,
  SpillwayError,
  type TlsInfo,
} from "../core/mod.ts";
import type { Certificate, Pem, ServerNames } from "./certificate.ts";
import { Certificates, checkAuthorities } from "./certificates.ts";
import { ClientHelloReader } from "./client_hello.ts";
import { handshake } from "./handshake.ts";
import { checkAlpn, checkChoice, checkFlag, checkMinVersion } from "./options.ts";
import { sessionFacts } from "./session_facts.ts";
import { takeOver } from "./take_over.ts";
import { certificateError, handshakeError } from "./tls_errors.ts";
import { VerifiedPeers } from "./verified_peers.ts";

const OPTIONS: OptionNames<TlsOptions> = {
  cert: true,
  key: true,
  ca: true,
  clientCertificate: true,
  alpn: true,
  minVersion: true,
  serverNames: true,
  sessionTickets: true,
  requireCloseNotify: true,
};
const RELOAD_OPTIONS: OptionNames<ReloadOptions> = { cert: true, key: true, serverNames: true };

/** Options of {@link tls}. */
export interface TlsOptions extends Certificate {
  /** The authorities whose client certificates are accepted, in PEM. Needed with `clientCertificate`. Default: none. */
  readonly ca?: Pem | readonly Pem[];
  /**
   * Whether clients are asked for a certificate. `required` refuses those without a valid one. `optional` serves them,
   * and `connection.tls.authorized` tells. Default: `none`.
   */
  readonly clientCertificate?: "none" | "optional" | "required";
  /**
   * The protocols that this side speaks (ALPN), the preferred one first. A client that names only others is refused.
   * Default: none.
   */
  readonly alpn?: readonly string[];
  /** The lowest version. Default: `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** The certificates for certain server names (SNI). Clients that ask for another name, or none, get `cert`. Default: none. */
  readonly serverNames?: ServerNames;
  /** Whether clients may resume sessions by tickets. Default: true. Deno cannot turn them off. */
  readonly sessionTickets?: boolean;
  /**
   * Whether FIN without close_notify is an error, `unexpected-eof`: somebody on the way may have cut the connection. For
   * framings in which the end of the connection ends a frame. Many programs end without close_notify. Default: false, and
   * the event `connection-closed` says `truncated`.
   */
  readonly requireCloseNotify?: boolean;
}

/** Options of {@link TlsStep.reload}. */
export interface ReloadOptions extends Certificate {
  /** The certificates for certain server names. Default: those that there are stay. */
  readonly serverNames?: ServerNames;
}

/** An {@link EstablishStep} that speaks TLS. */
export interface TlsStep extends DetachingStep {
  /**
   * Replaces the certificates. New handshakes use the new ones, and open connections live on.
   *
   * @throws {TypeError} a certificate and its key cannot be read, or do not belong together; the old ones stay
   */
  reload(options: ReloadOptions): void;
}

/**
 * Creates an establish step that speaks TLS 1.2 and 1.3 as a server, through `node:tls`. `connection.tls` says what was
 * agreed on. One step may serve several servers.
 *
 * - **Owns** the connection that it gets. `close()` of the one that it returns sends close_notify and FIN.
 * - **Backpressure** goes through: output that a peer does not read is not encrypted, beyond 64 KiB.
 * - **On abort** of the connection, or after `establishTimeoutMs`, the connection below is reset.
 *
 * A handshake that fails refuses the connection with the code `tls-failed`: no TLS, garbage, no bytes at all, no common
 * version or protocol, a client certificate that is missing or invalid.
 *
 * @throws {TypeError | RangeError} an invalid option; a certificate and its key cannot be read, or do not belong together
 * @throws {SpillwayError} `runtime-unsupported`: `sessionTickets: false` on Deno
 *
 * @example
 * ```ts ignore
 * import { readFile } from "node:fs/promises";
 * import { lines, serve } from "spillway";
 * import { tls } from "spillway/tls";
 *
 * const step = tls({ cert: await readFile("cert.pem"), key: await readFile("key.pem") });
 * await serve({ port: 6514, codec: lines(), handler: (line) => line, establish: [step] });
 * ```
 */
export function tls(options: TlsOptions): TlsStep {
  const server = new TlsServer(options);
  const step = (connection: Connection, context: EstablishContext) => server.establish(connection, context);
  const reload = (replacement: ReloadOptions) => server.reload(replacement);
  return Object.assign(step, { reload, detaches: true } as const);
}

class TlsServer {
  readonly #certificates: Certificates;
  readonly #clientCertificate: "none" | "optional" | "required";
  readonly #alpn: string[] | undefined;
  readonly #requireCloseNotify: boolean;
  readonly #verified = new VerifiedPeers();

  constructor(options: TlsOptions) {
    checkOptions(options, OPTIONS);
    const {
      alpn,
      ca,
      clientCertificate = "none",
      minVersion,
      requireCloseNotify,
      serverNames,
      sessionTickets,
    } = options;
    checkChoice("clientCertificate", clientCertificate, ["none", "optional", "required"]);
    checkMinVersion(minVersion);
    checkFlag("sessionTickets", sessionTickets);
    checkFlag("requireCloseNotify", requireCloseNotify);
    checkAlpn(alpn);
    if (ca !== undefined) checkAuthorities(ca);
    if ((ca === undefined) !== (clientCertificate === "none")) {
      throw new TypeError("ca and clientCertificate go together: the authorities of the clients that are asked");
    }
    if (sessionTickets === false && "deno" in versions) {
      throw new SpillwayError("runtime-unsupported", "Deno cannot turn session tickets off: sessionTickets");
    }
    this.#clientCertificate = clientCertificate;
    this.#requireCloseNotify = requireCloseNotify === true;
    this.#alpn = alpn && [...alpn];
    this.#certificates = new Certificates(options, serverNames, { ca, minVersion, sessionTickets });
  }

  reload(options: ReloadOptions): void {
    checkOptions(options, RELOAD_OPTIONS);
    this.#certificates.replace(options, options.serverNames);
  }

  async establish(below: Connection, context: EstablishContext): Promise<Connection> {
    const serverName = await readServerName(below, context.signal);
    const carrier = takeOver(below, "client");
    const asks = this.#clientCertificate !== "none";
    const socket = new TLSSocket(carrier.stream, {
      isServer: true,
      secureContext: this.#certificates.of(serverName),
      requestCert: asks,
      rejectUnauthorized: this.#clientCertificate === "required",
      ...(this.#alpn !== undefined && { ALPNProtocols: this.#alpn }),
      allowHalfOpen: true,
    } as ConstructorParameters<typeof TLSSocket>[1]);
    let info: TlsInfo | undefined;
    const check = (): void => {
      info = this.#infoOf(socket, serverName);
    };
    const requireCloseNotify = this.#requireCloseNotify;
    const connection = await handshake({ socket, carrier, event: "secure", below, context, requireCloseNotify, check });
    return identify(connection, { tls: info, proxy: below.proxy });
  }

  /** @throws {SpillwayError} `tls-failed`: the certificate of the client is required, and is missing or invalid */
  #infoOf(socket: TLSSocket, serverName: string | undefined): TlsInfo {
    const { session, certificate, failedCheck } = sessionFacts(socket);
    const info = {
      ...session,
      ...(serverName !== undefined && { serverName }),
      ...(certificate !== undefined && { peerCertificate: certificate }),
    };
    if (this.#clientCertificate === "none") return { ...info, authorized: false };
    const failed = this.#verified.failedCheck(session, certificate, failedCheck);
    if (failed === "") return { ...info, authorized: true };
    if (this.#clientCertificate === "required") throw certificateError(failed);
    return { ...info, authorized: false, ...(certificate !== undefined && { authorizationError: failed }) };
  }
}

/** Reads the name that the client asks for, and leaves all bytes for the handshake. */
async function readServerName(connection: Connection, signal: AbortSignal): Promise<string | undefined> {
  const hello = new ClientHelloReader();
  try {
    await readHead(connection, (bytes) => (hello.read(bytes) ? 0 : undefined), signal);
  } catch (cause) {
    if (signal.aborted || cause instanceof TypeError) throw cause;
    const error = cause as SpillwayError;
    // The peer sees an orderly end.
    if (error.code !== "connection-reset") void connection.close();
    throw error.code === "tls-failed" ? error : handshakeError(error.code === "unexpected-eof" ? FIN : error);
  }
  return hello.serverName;
}

const FIN = { code: "", message: "the peer ended the connection before its ClientHello was complete" };
