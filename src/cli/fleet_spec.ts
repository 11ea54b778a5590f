import { InvalidArgumentError } from "commander";

/** The subject and the stream of a fleet that names none. */
export const DEFAULT_SUBJECT = "spillway.work";
export const DEFAULT_STREAM = "spillway:work";

/** One value of `--compute`. */
export type FleetSpec = {
  /** The value as it was written, without a password. */
  readonly text: string;
} & (
  | { readonly kind: "remote"; readonly targets: readonly string[]; readonly tls: boolean }
  | { readonly kind: "nats"; readonly servers: string; readonly subject: string }
  | { readonly kind: "redis"; readonly url: string; readonly stream: string; readonly group: string | undefined }
);

const FORMS =
  "tcp://host:port,host:port, tls://host:port, unix:/path, nats://host:4222?subject=primes or redis://host:6379?stream=primes";

/** Parses a value of `--compute`: {@link FORMS}. */
export function parseFleetSpec(text: string): FleetSpec {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  const shown = withoutPassword(text);
  if (scheme === "unix") return { kind: "remote", targets: [text], tls: false, text: shown };
  if (scheme === "tcp" || scheme === "tls") {
    return { kind: "remote", targets: targetsOf(rest), tls: scheme === "tls", text: shown };
  }
  if (scheme === "nats") {
    const { asked, url } = urlOf(text, ["subject"]);
    return { kind: "nats", servers: url, subject: asked.get("subject") ?? DEFAULT_SUBJECT, text: shown };
  }
  if (scheme === "redis" || scheme === "rediss") {
    const { asked, url } = urlOf(text, ["stream", "group"]);
    const [stream, group] = [asked.get("stream") ?? DEFAULT_STREAM, asked.get("group") ?? undefined];
    return { kind: "redis", url, stream, group, text: shown };
  }
  throw new InvalidArgumentError(`write ${FORMS}`);
}

/** Parses the URL of a broker. */
export function parseBroker(schemes: readonly string[]): (text: string) => string {
  return (text) => {
    if (schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text)) return text;
    throw new InvalidArgumentError(`write the address of a broker, such as ${schemes[0]}://127.0.0.1`);
  };
}

/** Returns a URL as it may be shown. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/(\/\/|,)[^@/,?]*@/g, "$1");
}

function targetsOf(rest: string): readonly string[] {
  const targets = rest.replace(/^\/\//, "").replace(/\/$/, "").split(",");
  if (rest.startsWith("//") && targets.every((target) => /^(\[[^\]]+\]|[^:/\s[\]]+):\d{1,5}$/.test(target)))
    return targets;
  throw new InvalidArgumentError("write hosts with ports, such as tcp://10.0.0.1:9000,workers.internal:9000");
}

function urlOf(text: string, known: readonly string[]): { readonly url: string; readonly asked: URLSearchParams } {
  if (!URL.canParse(text)) throw new InvalidArgumentError(`write ${FORMS}`);
  const url = new URL(text);
  const asked = new URLSearchParams(url.search);
  const unknown = [...asked.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`${unknown} is not known here: write ${known.join(" and ")} only`);
  url.search = "";
  return { url: url.href, asked };
}
