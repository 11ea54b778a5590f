import type { PeerCertificate } from "../core/mod.ts";

const NO_CERTIFICATE = "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE";
const NOT_VERIFIED = "RESUMED_WITHOUT_VERIFICATION";

/** A fingerprint is about 100 bytes long. */
const MAX_PEERS = 16_384;

/**
 * The certificates of peers that a step has verified, in a full handshake.
 *
 * A resumed session brings the certificate of an earlier handshake, and the runtime's word for it. On Deno that word is
 * always "verified": for a session that was begun with a self-signed certificate, and for one that another server of the
 * process has begun. So a resumed session counts for no more than what this step has verified itself.
 */
export class VerifiedPeers {
  /** The ends of validity, by fingerprint, in the order of their last use. */
  readonly #validTo = new Map<string, number>();

  /**
   * Returns the check that the certificate of a session has failed, or nothing. `failed` is the runtime's own result. A
   * certificate that passes in a full handshake is remembered.
   */
  failedCheck(session: { resumed: boolean }, certificate: PeerCertificate | undefined, failed: string): string {
    if (certificate === undefined) return NO_CERTIFICATE;
    const { fingerprint256, validTo } = certificate;
    if (failed === "" && session.resumed && !this.#has(fingerprint256, Date.now())) return NOT_VERIFIED;
    if (failed === "" && !session.resumed) this.#add(fingerprint256, validTo);
    return failed;
  }

  #add(fingerprint: string, validTo: number): void {
    this.#validTo.delete(fingerprint);
    this.#validTo.set(fingerprint, validTo);
    if (this.#validTo.size <= MAX_PEERS) return;
    const [oldest = ""] = this.#validTo.keys();
    this.#validTo.delete(oldest);
  }

  /** Reports whether a certificate was verified and is still valid. */
  #has(fingerprint: string, now: number): boolean {
    const validTo = this.#validTo.get(fingerprint);
    if (validTo === undefined || validTo < now) return false;
    this.#add(fingerprint, validTo);
    return true;
  }
}
