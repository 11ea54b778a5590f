// @ts-check
import { readFileSync } from "node:fs";

const file = (/** @type {string} */ name) =>
  readFileSync(new URL(`../../../test/tls/fixtures/${name}`, import.meta.url), "utf8");

/** The certificate of the servers with TLS, and its key: ECDSA on P-256. */
export const certificate = { cert: file("server.pem"), key: file("server.key") };
