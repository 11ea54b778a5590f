import { isIP } from "node:net";
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from "node:tls";
import {
  type Connection,
  checkOptions,
  type EstablishContext,
  type EstablishStep,
  identify,
  type OptionNames,
  SpillwayError,
  type TlsInfo,
} from "../core/mod.ts";
import { checkAuthorities, checkCertificate, type Pem, secureContext } from "./certificates.ts";
import { handshake } from "./handshake.ts";
import { checkAlpn, checkFlag, checkMinVersion, checkServerName } from "./options.ts";
import { sessionFacts } from "./session_facts.ts";
import { takeOver } from "./take_over.ts";

const OPTIONS: OptionNames<TlsClientOptions> = {
  serverName: true,
  ca: true,
  cert: true,
  key: true,
  alpn: true,
  minVersion: true,
  verify: true,
};

/** Options of {@link tlsClient}. */
export interface TlsClientOptions {
  /** The name that the server's certificate must have, and that it is asked for (SNI). Default: the host connected to. */
  readonly serverName?: string;
  /** The authorities whose certificates are accepted, in PEM. Default: those of the runtime. */
  readonly ca?: Pem | readonly Pem[];
  /** The certificate of this side in PEM, for servers that ask for one. Needs `key`. */
  readonly cert?: Pem;
  /** The private key of `cert` in PEM, not encrypted. */
  readonly key?: Pem;
  /** The protocols that this side speaks (ALPN), the preferred one first. */
  readonly alpn?: readonly string[];
  /** The lowest version. Default: `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** False accepts any certificate: whoever is on the way can read and change everything. Default: true. */
  readonly verify?: boolean;
}

/** The context of a client's step: the name that is connected to, beside the rest. */
export type TlsClientContext = EstablishContext & { readonly hostname?: string | undefined };

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
 */
export function tlsClient(options: TlsClientOptions = {}): EstablishStep {
  const client = new TlsClient(options);
  return (connection, context) => client.establish(connection, context);
}

class TlsClient {
  readonly #options: TlsClientOptions;
  readonly #secureContext: SecureContext;
  /** The last session of each server name: the oldest name first. */
  readonly #sessions = new Map<string, Buffer>();

  constructor(options: TlsClientOptions) {
    checkOptions(options, OPTIONS);
    const { alpn, ca, cert, key, minVersion, serverName, verify } = options;
    checkServerName(serverName);
    checkMinVersion(minVersion);
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
    const { alpn, verify = true } = this.#options;
    const name = this.#options.serverName ?? context.hostname;
    if (name === undefined) {
      throw new SpillwayError("tls-failed", "the name of the server is not known: set serverName");
    }
    const carrier = takeOver(below);
    const session = this.#sessions.get(name);
    const socket = connect({
      socket: carrier.stream,
      secureContext: this.#secureContext,
      host: name,
      servername: isIP(name) === 0 ? name : "",
      rejectUnauthorized: verify,
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
      ...(session !== undefined && { session }),
      allowHalfOpen: true,
    } as ConnectionOptions);
    socket.on("session", (fresh: Buffer) => this.#remember(name, fresh));
    let info: TlsInfo | undefined;
    const check = (): void => {
      info = infoOf(socket, isIP(name) === 0 ? name : undefined);
    };
    const connection = await handshake({ socket, carrier, event: "secureConnect", below, context, check });
    return identify(connection, { tls: info, proxy: below.proxy });
  }

  #remember(name: string, session: Buffer): void {
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    const [oldest = ""] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest);
  }
}

function infoOf(socket: TLSSocket, serverName: string | undefined): TlsInfo {
  const { session, failedCheck } = sessionFacts(socket, serverName);
  const { authorized } = socket;
  if (authorized) return { ...session, authorized };
  return { ...session, authorized, authorizationError: failedCheck || String(socket.authorizationError) };
}
