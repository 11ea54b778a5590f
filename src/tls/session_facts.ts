import type { TLSSocket } from "node:tls";
import { describe, type PeerCertificate, type TlsInfo } from "../core/mod.ts";
import { peerCertificate } from "./peer_certificate.ts";
import { codeOf } from "./tls_errors.ts";

/** What a TLS socket says after its handshake, the runtimes' differences removed. */
export interface SessionFacts {
  readonly session: Omit<TlsInfo, "authorized" | "authorizationError">;
  readonly certificate: PeerCertificate | undefined;
  /** The code of the check that the certificate of the peer has failed. Empty if there is none. */
  readonly failedCheck: string;
}

/** The part of the runtime's handle that tells how the certificate of the peer was verified. */
interface Handle {
  readonly ssl?: { verifyError?(): unknown };
}

/** Reads the facts. `serverName` is what the client has asked for. */
export function sessionFacts(socket: TLSSocket, serverName: string | undefined): SessionFacts {
  const raw = socket.getPeerX509Certificate()?.raw;
  const certificate = raw === undefined ? undefined : peerCertificate(raw);
  const { alpnProtocol } = socket;
  const session = {
    protocol: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher().standardName,
    ...(typeof alpnProtocol === "string" && { alpn: alpnProtocol }),
    ...(serverName !== undefined && { serverName }),
    ...(certificate !== undefined && { peerCertificate: certificate }),
    resumed: socket.isSessionReused(),
  };
  // A TLS socket of a server that was not made by a server of the runtime never sets `authorized` on Node and Deno.
  const failure = (socket as Handle).ssl?.verifyError?.();
  return { session, certificate, failedCheck: failure ? codeOf(failure) || describe(failure) : "" };
}
