import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../support/tree.ts";

/** Where the certificates lie, for programs. */
export function pathOf(file: string): string {
  return path.join(root, "test", "tls", "fixtures", file);
}

/** A certificate or key, in PEM. */
export function pem(file: string): string {
  return readFileSync(pathOf(file), "utf8");
}

/** A certificate and its key. */
export function pair(name: string): { cert: string; key: string } {
  return { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
}

export const ca: string = pem("ca.pem");
