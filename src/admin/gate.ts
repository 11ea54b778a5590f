import type { AdminSettings } from "./admin_options.ts";
import type { Answer } from "./answer.ts";
import type { HttpRequest } from "./http_server.ts";
import { PageFiles } from "./page_files.ts";
import { Query } from "./query.ts";
import { Refusal } from "./refusal.ts";
import { readJson } from "./request_body.ts";
import { RequestRate } from "./request_rate.ts";
import type { Route } from "./route.ts";

const MOST_TARGET_CHARACTERS = 2_048;
const PROBES = new Set(["/healthz", "/readyz"]);
const RATE = { perSecond: 100, burst: 200 };

/** Decides whether a request is answered, and by which route. */
export class Gate {
  readonly #settings: AdminSettings;
  readonly #routes: readonly Route[];
  readonly #page = new PageFiles();
  readonly #rate: RequestRate;
  /** Probes have a rate of their own: a flood of other requests must not make a server look dead. */
  readonly #probeRate: RequestRate;

  constructor(settings: AdminSettings, routes: readonly Route[]) {
    this.#settings = settings;
    this.#routes = routes;
    this.#rate = new RequestRate(RATE.perSecond, RATE.burst, settings.clock);
    this.#probeRate = new RequestRate(RATE.perSecond, RATE.burst, settings.clock);
  }

  /** @throws {Refusal} */
  async answer(request: HttpRequest): Promise<Answer | undefined> {
    const { message } = request;
    const { headers, rawHeaders, socket } = message;
    const { pathname, searchParams } = targetOf(message.url ?? "");
    const isProbe = PROBES.has(pathname);
    if (request.reserved && !isProbe) {
      const why = "all connections of this endpoint are taken, and this one is kept for probes: try again";
      throw new Refusal(503, "busy", why, { "Retry-After": "1" });
    }
    const rate = isProbe ? this.#probeRate : this.#rate;
    if (!rate.take()) {
      throw new Refusal(429, "too-many-requests", `more than ${RATE.perSecond} requests a second`, {
        "Retry-After": "1",
      });
    }
    const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
    this.#settings.origins.check({ headers, hosts, localAddress: socket.localAddress });
    const method = message.method === "HEAD" ? "GET" : (message.method ?? "");
    const file = this.#page.get(pathname);
    if (file !== undefined) {
      if (method !== "GET") throw wrongMethod(pathname, ["GET"]);
      return await file;
    }
    const found = this.#routes.filter(({ path }) => path.test(pathname));
    if (found.length === 0) throw new Refusal(404, "not-found", "there is no such route: docs/admin.md lists them");
    const route = found.find((candidate) => candidate.method === method);
    if (route === undefined)
      throw wrongMethod(
        pathname,
        found.map((candidate) => candidate.method),
      );
    if (route.changes === true) this.#checkToken(headers.authorization);
    const captured = route.path.exec(pathname)?.slice(1) ?? [];
    const { parameters } = route;
    const query = parameters === "ignored" ? new Query(new URLSearchParams(), []) : new Query(searchParams, parameters);
    const { gone, stream, takeYourTime } = request;
    const body = () => readJson(message);
    const headOnly = message.method === "HEAD";
    return await route.answer({ body, captured, gone, headOnly, query, stream, takeYourTime });
  }

  #checkToken(authorization: string | undefined): void {
    const { token } = this.#settings;
    if (token === undefined) {
      const message = "nothing can be changed without a token: give admin({ token }), or --admin-token-file";
      throw new Refusal(403, "no-token", message);
    }
    token.check(authorization);
  }
}

/** @throws {Refusal} the target is too long, no path, or one that is read as another */
function targetOf(target: string): URL {
  if (target.length > MOST_TARGET_CHARACTERS) {
    throw new Refusal(414, "target-too-long", `the target has more than ${MOST_TARGET_CHARACTERS} characters`);
  }
  // A target with an authority of its own is for proxies.
  if (!target.startsWith("/") || target.startsWith("//")) {
    throw new Refusal(400, "bad-request", "the target must be a path");
  }
  const [path = ""] = target.split("?", 1);
  const url = URL.canParse(target, "http://localhost") ? new URL(target, "http://localhost") : undefined;
  // A backslash, a fragment, dot segments and control characters are read as another path: whoever checks paths before
  // this endpoint may have read them otherwise.
  if (url?.pathname === path && !target.includes("#")) return url;
  throw new Refusal(
    400,
    "bad-request",
    "the target must be a plain path: without backslashes, #, and the segments . and ..",
  );
}

function wrongMethod(path: string, methods: readonly string[]): Refusal {
  const allowed = methods.includes("GET") ? ["HEAD", ...methods] : [...methods];
  const Allow = allowed.toSorted().join(", ");
  return new Refusal(405, "method-not-allowed", `${path} has the methods ${Allow}`, { Allow });
}
