import type { Bytes } from "../core/mod.ts";

/** Text in PEM, or its bytes. */
export type Pem = string | Bytes;

/** A certificate and its private key. */
export interface Certificate {
  /** The certificate in PEM, followed by those of intermediate authorities. */
  readonly cert: Pem;
  /** The private key in PEM, not encrypted. */
  readonly key: Pem;
}

/** The certificates of host names: of a name, or with `*.` before it those of all names with one more label. */
export type ServerNames = Readonly<Record<string, Certificate>>;
