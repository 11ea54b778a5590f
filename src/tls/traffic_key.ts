import { Buffer } from "node:buffer";
import { createDecipheriv, createHmac } from "node:crypto";
import { chacha20poly1305 } from "@noble/ciphers/chacha";

const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 5;

/** The ciphers of TLS 1.3 by the bytes of their secrets, which are those of their hash. */
const CIPHERS = {
  32: [
    { name: "aes-128-gcm", hash: "sha256", keyBytes: 16 },
    { name: "chacha20-poly1305", hash: "sha256", keyBytes: 32 },
  ],
  48: [{ name: "aes-256-gcm", hash: "sha384", keyBytes: 32 }],
} as const;

type Cipher = (typeof CIPHERS)[keyof typeof CIPHERS][number];

/** A sealed record: its content, and the tag that authenticates it. */
interface Sealed {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  /** The data that the tag authenticates, beside the content. */
  readonly associated: Uint8Array;
  readonly content: Uint8Array;
  readonly tag: Uint8Array;
}

/** The key of one direction of a session of TLS 1.3 (RFC 8446, sections 5.2 and 7.3). */
export class TrafficKey {
  readonly #cipher: Cipher;
  readonly #key: Buffer;
  readonly #iv: Buffer;

  private constructor(cipher: Cipher, secret: Uint8Array) {
    this.#cipher = cipher;
    this.#key = expandLabel(cipher.hash, secret, "key", cipher.keyBytes);
    this.#iv = expandLabel(cipher.hash, secret, "iv", IV_BYTES);
  }

  /** Returns the keys that a secret may stand for: that of the cipher that was agreed on is among them. */
  static of(secret: Uint8Array): TrafficKey[] {
    const ciphers: readonly Cipher[] = CIPHERS[secret.length as keyof typeof CIPHERS] ?? [];
    return ciphers.map((cipher) => new TrafficKey(cipher, secret));
  }

  /** Returns what is in a record, with its type behind it, or `undefined` if it is not the one of this number. */
  open(record: Uint8Array, number: number): Uint8Array | undefined {
    const nonce = Buffer.from(this.#iv);
    for (let at = IV_BYTES - 1, left = number; left > 0; at -= 1, left = Math.floor(left / 256)) {
      nonce[at] = (nonce[at] as number) ^ (left & 255);
    }
    const end = record.length - TAG_BYTES;
    const sealed = {
      key: this.#key,
      nonce,
      associated: record.subarray(0, HEADER_BYTES),
      content: record.subarray(HEADER_BYTES, end),
      tag: record.subarray(end),
    };
    // Bun's `node:crypto` does not have it.
    if (this.#cipher.name === "chacha20-poly1305") return openChaCha20Poly1305(sealed);
    return openGcm(this.#cipher.name, sealed);
  }
}

function openGcm(name: "aes-128-gcm" | "aes-256-gcm", sealed: Sealed): Uint8Array | undefined {
  const decipher = createDecipheriv(name, sealed.key, sealed.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(sealed.associated);
  decipher.setAuthTag(sealed.tag);
  const content = decipher.update(sealed.content);
  try {
    decipher.final();
    return content;
  } catch {
    return undefined;
  }
}

function openChaCha20Poly1305({ associated, content, key, nonce, tag }: Sealed): Uint8Array | undefined {
  try {
    return chacha20poly1305(key, nonce, associated).decrypt(Buffer.concat([content, tag]));
  } catch {
    return undefined;
  }
}

/** HKDF-Expand-Label without a context, for at most the bytes of the hash. */
function expandLabel(hash: string, secret: Uint8Array, label: string, length: number): Buffer {
  const name = `tls13 ${label}`;
  const info = Buffer.concat([Buffer.from([0, length, name.length]), Buffer.from(name), Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}
