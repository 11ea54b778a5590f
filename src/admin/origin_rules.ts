import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "./refusal.ts";

const HOST = /^(\[[0-9a-f:.%]+\]|[a-z0-9._-]+)(:\d{1,5})?$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The parts of a request that are known before its route is looked for. */
export interface RequestOrigin {
  readonly headers: IncomingHttpHeaders;
  /** The number of `Host` headers. */
  readonly hosts: number;
  /** The address by which the request came in. Undefined for a Unix socket. */
  readonly localAddress: string | undefined;
}

/**
 * Refuses what a page of another origin sends through the browser of somebody who may reach the endpoint.
 *
 * - DNS rebinding makes a foreign name lead here. So the `Host` must be a loopback name, the address by which the
 *   request came in, or one of the names that the user gave.
 * - Every other request of a foreign page carries its `Origin`, or a `Sec-Fetch-Site`. Following a link is not one.
 */
export class OriginRules {
  readonly #names: ReadonlySet<string>;

  /** @throws {TypeError} not a list of names */
  constructor(names: readonly string[]) {
    if (!Array.isArray(names)) throw new TypeError(`hosts must be an array of names, not ${typeof names}`);
    for (const name of names as readonly string[]) {
      const [, host, port] = (typeof name === "string" ? HOST.exec(name.toLowerCase()) : undefined) ?? [];
      if (host !== undefined && port === undefined) continue;
      throw new TypeError(`hosts must hold names without a port, such as "admin.example", not ${JSON.stringify(name)}`);
    }
    this.#names = new Set((names as readonly string[]).map((name) => name.toLowerCase()));
  }

  /** @throws {Refusal} the request may come from a page of another origin */
  check({ headers, hosts, localAddress }: RequestOrigin): void {
    const host = headers.host?.toLowerCase() ?? "";
    const name = HOST.exec(host)?.[1];
    if (hosts > 1 || name === undefined || !this.#isOurs(name, localAddress)) {
      const message =
        "the Host of the request is no loopback name, no address of this endpoint, and none of its option hosts: " +
        "use http://127.0.0.1 or http://localhost, or add the name to hosts";
      throw new Refusal(421, "host-not-allowed", message);
    }
    const { origin } = headers;
    if (origin !== undefined && !isSameOrigin(origin, host)) {
      throw new Refusal(403, "origin-not-allowed", "pages of other origins may not use this endpoint");
    }
    const site = headers["sec-fetch-site"];
    const follows = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
    if (site !== undefined && site !== "same-origin" && site !== "none" && !follows) {
      throw new Refusal(403, "origin-not-allowed", `a ${site} request may not use this endpoint`);
    }
  }

  #isOurs(name: string, localAddress: string | undefined): boolean {
    if (LOOPBACK.test(name) || this.#names.has(name)) return true;
    if (localAddress === undefined) return false;
    const plain = localAddress.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
    return name === plain || name === `[${plain}]`;
  }
}

function isSameOrigin(origin: string, host: string): boolean {
  try {
    const { protocol, host: from } = new URL(origin);
    const bare = protocol === "https:" ? host.replace(/:443$/, "") : host.replace(/:80$/, "");
    return (protocol === "http:" || protocol === "https:") && from === bare;
  } catch {
    return false;
  }
}
