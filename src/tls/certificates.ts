import { constants, createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { describe } from "../core/mod.ts";
import type { Certificate, Pem, ServerNames } from "./certificate.ts";
import { plainName } from "./client_hello.ts";

/** The settings that all secure contexts of a step share. */
export interface ContextSettings {
  readonly ca?: Pem | readonly Pem[] | undefined;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  readonly sessionTickets?: boolean | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Returns PEM as text. */
function pemText(pem: Pem): string {
  return typeof pem === "string" ? pem : new TextDecoder().decode(pem);
}

/**
 * Checks a certificate and its key. Not every runtime does that when it makes a context.
 *
 * @throws {TypeError} one of them cannot be read, or they do not belong together
 */
export function checkCertificate(where: string, certificate: Certificate): void {
  if (typeof certificate !== "object" || certificate === null) {
    throw new TypeError(`${where}must be { cert, key }, not ${describe(certificate)}`);
  }
  const [leaf] = readCertificates(`${where}cert`, certificate.cert);
  let key: ReturnType<typeof createPrivateKey>;
  checkPem(`${where}key`, certificate.key);
  try {
    key = createPrivateKey(pemText(certificate.key));
  } catch (cause) {
    const message = `${where}key is no private key in PEM, or is encrypted: ${describe(cause)}`;
    throw new TypeError(message, { cause });
  }
  if (leaf?.checkPrivateKey(key) !== true) throw new TypeError(`${where}key is not the key of ${where}cert`);
}

/**
 * Checks the certificates of authorities.
 *
 * @throws {TypeError} one cannot be read
 */
export function checkAuthorities(ca: Pem | readonly Pem[]): void {
  const list = isList(ca) ? ca : [ca];
  if (list.length === 0) throw new TypeError("ca must have at least one certificate");
  for (const pem of list) readCertificates("ca", pem);
}

/** @throws {TypeError} not PEM, or no certificate in it */
function readCertificates(name: string, pem: Pem): X509Certificate[] {
  checkPem(name, pem);
  const texts = pemText(pem).match(CERTIFICATE) ?? [];
  if (texts.length === 0) throw new TypeError(`${name} has no certificate in PEM`);
  try {
    return texts.map((text) => new X509Certificate(text));
  } catch (cause) {
    throw new TypeError(`${name} has a certificate that cannot be read: ${describe(cause)}`, { cause });
  }
}

/** @throws {TypeError} neither text nor bytes */
function checkPem(name: string, pem: unknown): void {
  if (typeof pem === "string" || pem instanceof Uint8Array) return;
  throw new TypeError(`${name} must be PEM, as a string or bytes, not ${typeof pem}`);
}

function isList(ca: Pem | readonly Pem[]): ca is readonly Pem[] {
  return Array.isArray(ca);
}

/** Makes a secure context of what was checked. */
export function secureContext(certificate: Partial<Certificate>, settings: ContextSettings): SecureContext {
  const { ca, minVersion = "TLSv1.2", sessionTickets = true } = settings;
  const { cert, key } = certificate;
  return createSecureContext({
    ...(cert !== undefined && { cert: pemText(cert) }),
    ...(key !== undefined && { key: pemText(key) }),
    ...(ca !== undefined && { ca: (isList(ca) ? ca : [ca]).map(pemText) }),
    minVersion,
    // Without it, a client with a certificate could not resume a session.
    sessionIdContext: SESSION_ID_CONTEXT,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (sessionTickets ? 0 : constants.SSL_OP_NO_TICKET),
  });
}

const SESSION_ID_CONTEXT = createHash("sha256").update("spillway").digest("hex").slice(0, 32);

/** The secure contexts of a server: of its certificate, and of those for certain names. */
export class Certificates {
  readonly #settings: ContextSettings;
  #byDefault: SecureContext;
  #byName: ReadonlyMap<string, SecureContext>;

  /** @throws {TypeError} a certificate, a key or a name is invalid */
  constructor(certificate: Certificate, serverNames: ServerNames | undefined, settings: ContextSettings) {
    this.#settings = settings;
    checkCertificate("", certificate);
    this.#byName = this.#contextsOf(serverNames ?? {});
    this.#byDefault = secureContext(certificate, settings);
  }

  /**
   * Replaces the certificate, and those for certain names if they are given. Changes nothing when it throws.
   *
   * @throws {TypeError} a certificate, a key or a name is invalid
   */
  replace(certificate: Certificate, serverNames: ServerNames | undefined): void {
    checkCertificate("", certificate);
    const byName = serverNames === undefined ? this.#byName : this.#contextsOf(serverNames);
    this.#byDefault = secureContext(certificate, this.#settings);
    this.#byName = byName;
  }

  /** Returns the context for a server name: of the name itself, of the wildcard for its first label, or the default. */
  of(serverName: string | undefined): SecureContext {
    if (serverName === undefined || this.#byName.size === 0) return this.#byDefault;
    const wildcard = serverName.replace(/^[^.]+/, "*");
    return this.#byName.get(serverName) ?? this.#byName.get(wildcard) ?? this.#byDefault;
  }

  #contextsOf(serverNames: ServerNames): Map<string, SecureContext> {
    const contexts = new Map<string, SecureContext>();
    for (const [name, certificate] of Object.entries(serverNames)) {
      const plain = plainName(name.replace(/^\*\./, ""));
      if (plain === undefined) throw new TypeError(`serverNames has ${JSON.stringify(name)}, which is no host name`);
      checkCertificate(`serverNames[${JSON.stringify(name)}].`, certificate);
      contexts.set(name.startsWith("*.") ? `*.${plain}` : plain, secureContext(certificate, this.#settings));
    }
    return contexts;
  }
}
