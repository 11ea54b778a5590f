import type { TLSSocket } from "node:tls";
import { describe, type PeerCertificate, type TlsInfo } from "../core/mod.ts";
import { peerCertificate } from "./peer_certificate.ts";
import { codeOf, failedCheck } from "./tls_errors.ts";

/** The facts that a TLS socket tells after its handshake, without the differences between runtimes. */
export interface SessionFacts {
  readonly session: Pick<TlsInfo, "protocol" | "cipher" | "alpn" | "resumed">;
  readonly certificate: PeerCertificate | undefined;
  /** The code of the check that the certificate of the peer has failed. Empty if there is none. */
  readonly failedCheck: string;
}

/** The part of the runtime's handle that tells how the certificate of the peer was verified. */
interface Handle {
  readonly ssl?: { verifyError?(): unknown };
}

export function sessionFacts(socket: TLSSocket): SessionFacts {
  const certificate = certificateOf(socket);
  const { alpnProtocol } = socket;
  // A TLS socket of a server that was not made by a server of the runtime never sets `authorized` on Node and Deno.
  const failure = (socket as Handle).ssl?.verifyError?.();
  return {
    session: {
      protocol: socket.getProtocol() ?? "unknown",
      cipher: socket.getCipher().standardName,
      ...(typeof alpnProtocol === "string" && { alpn: alpnProtocol }),
      resumed: socket.isSessionReused(),
    },
    certificate,
    failedCheck: failure ? failedCheck(codeOf(failure) || describe(failure), certificate) : "",
  };
}

/** Returns the certificate that the peer has sent, also in a handshake that failed. */
export function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const raw = socket.getPeerX509Certificate()?.raw;
  return raw === undefined ? undefined : peerCertificate(raw);
}
