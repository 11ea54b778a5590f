import { isIP } from "node:net";
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from "node:tls";
import {
  type Connection,
  checkOptions,
  type EstablishContext,
  type EstablishStep,
  identify,
  type OptionNames,
  type PeerCertificate,
  SpillwayError,
  type TlsInfo,
} from "../core/mod.ts";
import type { Pem } from "./certificate.ts";
import { checkAuthorities, checkCertificate, secureContext } from "./certificates.ts";
import { handshake } from "./handshake.ts";
import { checkAlpn, checkFlag, checkMinVersion, checkServerName } from "./options.ts";
import { type SessionFacts, sessionFacts } from "./session_facts.ts";
import { takeOver } from "./take_over.ts";
import { certificateError, codeOf } from "./tls_errors.ts";
import { VerifiedPeers } from "./verified_peers.ts";

const OPTIONS: OptionNames<TlsClientOptions> = {
  serverName: true,
  ca: true,
  cert: true,
  key: true,
  alpn: true,
  minVersion: true,
  verify: true,
  requireCloseNotify: true,
};

/** Options of {@link tlsClient}. */
export interface TlsClientOptions {
  /** The name that the server's certificate must have, and that it is asked for (SNI). Default: the host connected to. */
  readonly serverName?: string;
  /** The authorities whose certificates are accepted, in PEM. Default: those of the runtime. */
  readonly ca?: Pem | readonly Pem[];
  /** The certificate of this side in PEM, for servers that ask for one. Needs `key`. Default: none. */
  readonly cert?: Pem;
  /** The private key of `cert` in PEM, not encrypted. Default: none. */
  readonly key?: Pem;
  /** The protocols that this side speaks (ALPN), the preferred one first. Default: none. */
  readonly alpn?: readonly string[];
  /** The lowest version. Default: `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** False accepts any certificate: anybody on the way can read and change everything. Default: true. */
  readonly verify?: boolean;
  /**
   * Whether FIN without close_notify is an error, `unexpected-eof`: somebody on the way may have cut the connection. For
   * framings in which the end of the connection ends a frame. Many programs end without close_notify. Default: false, and
   * the event `connection-closed` says `truncated`.
   */
  readonly requireCloseNotify?: boolean;
}

/** The context of a client's step: the name that is connected to, beside the rest. */
export type TlsClientContext = EstablishContext & { readonly hostname?: string | undefined };

/** The session of a connection, and the certificate of its server. */
interface Remembered {
  session: Buffer | undefined;
  certificate: PeerCertificate | undefined;
}

/** Sessions are remembered for so many names. */
const MAX_SESSIONS = 64;

/**
 * Creates an establish step that speaks TLS 1.2 and 1.3 as a client, through `node:tls`. The certificate of the server is
 * verified: its chain, its dates, its name. Connections of one step resume each other's sessions.
 *
 * A handshake that fails refuses the connection with the code `tls-failed`, and a message that says which check failed.
 * Owns the connection, pushes back and aborts as {@link tls} does.
 *
 * @throws {TypeError | RangeError} an invalid option; a certificate and its key cannot be read, or do not belong together
 *
 * @example
 * ```ts
 * import { tlsClient } from "spillway/tls";
 *
 * const step = tlsClient({ serverName: "server.example", alpn: ["x/1"] });
 * console.log(typeof step); // function
 * ```
 */
export function tlsClient(options: TlsClientOptions = {}): EstablishStep {
  const client = new TlsClient(options);
  return (connection, context) => client.establish(connection, context);
}

class TlsClient {
  readonly #options: TlsClientOptions;
  readonly #secureContext: SecureContext;
  readonly #verified = new VerifiedPeers();
  /** The last session of each server name: the oldest name first. */
  readonly #sessions = new Map<string, Remembered>();

  constructor(options: TlsClientOptions) {
    checkOptions(options, OPTIONS);
    const { alpn, ca, cert, key, minVersion, requireCloseNotify, serverName, verify } = options;
    checkServerName(serverName);
    checkMinVersion(minVersion);
    checkFlag("requireCloseNotify", requireCloseNotify);
    checkFlag("verify", verify);
    checkAlpn(alpn);
    if (ca !== undefined) checkAuthorities(ca);
    if ((cert === undefined) !== (key === undefined)) throw new TypeError("cert and key go together");
    const certificate = cert === undefined || key === undefined ? undefined : { cert, key };
    if (certificate !== undefined) checkCertificate("", certificate);
    this.#options = options;
    this.#secureContext = secureContext(certificate ?? {}, { ca, minVersion });
  }

  async establish(below: Connection, context: TlsClientContext): Promise<Connection> {
    const { alpn, requireCloseNotify = false, verify = true } = this.#options;
    const name = this.#options.serverName ?? context.hostname;
    if (name === undefined) {
      throw new SpillwayError("tls-failed", "the name of the server is not known: set serverName");
    }
    const carrier = takeOver(below, "server");
    const remembered = this.#sessions.get(name);
    const socket = connect({
      socket: carrier.stream,
      secureContext: this.#secureContext,
      host: name,
      servername: isIP(name) === 0 ? name : "",
      rejectUnauthorized: verify,
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
      ...(remembered?.session !== undefined && { session: remembered.session }),
      allowHalfOpen: true,
    } as ConnectionOptions);
    const fresh: Remembered = { session: undefined, certificate: undefined };
    socket.on("session", (session: Buffer) => {
      fresh.session = session;
      this.#remember(name, fresh);
    });
    let info: TlsInfo | undefined;
    const check = (): void => {
      const facts = this.#factsOf(socket, remembered);
      fresh.certificate = facts.certificate;
      info = this.#infoOf(facts, isIP(name) === 0 ? name : undefined);
    };
    const event = "secureConnect";
    const connection = await handshake({ socket, carrier, event, below, context, requireCloseNotify, check });
    return identify(connection, { tls: info, proxy: below.proxy });
  }

  /** On Node a resumed session has no certificate: that of the handshake with which it began is the one. */
  #factsOf(socket: TLSSocket, remembered: Remembered | undefined): SessionFacts {
    const facts = sessionFacts(socket);
    const failedCheck = socket.authorized ? "" : facts.failedCheck || codeOf(socket.authorizationError) || "UNVERIFIED";
    const certificate = facts.certificate ?? (facts.session.resumed ? remembered?.certificate : undefined);
    return { ...facts, certificate, failedCheck };
  }

  /** @throws {SpillwayError} `tls-failed`: a resumed session brings a certificate that this step has not verified */
  #infoOf({ session, certificate, failedCheck }: SessionFacts, serverName: string | undefined): TlsInfo {
    const info = {
      ...session,
      ...(serverName !== undefined && { serverName }),
      ...(certificate !== undefined && { peerCertificate: certificate }),
    };
    const failed = this.#verified.failedCheck(session, certificate, failedCheck);
    if (failed === "") return { ...info, authorized: true };
    if (this.#options.verify !== false) throw certificateError(failed);
    return { ...info, authorized: false, authorizationError: failed };
  }

  #remember(name: string, session: Remembered): void {
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    const [oldest = ""] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest);
  }
}
