/** A request of a client, which determines its answers. */
export interface Request {
  /** `client.number`: no two are alike. */
  readonly tag: string;
  readonly verb: string;
  /** A number of milliseconds, bytes or frames; the name of a group. */
  readonly argument: string;
}

/** The verbs of requests. */
const VERBS = [
  "echo",
  "wait",
  "many",
  "big",
  "silent",
  "push",
  "join",
  "leave",
  "say",
  "upgrade",
  "quit",
  "end",
  "fail",
  "hang",
  "unsendable",
  "poison",
  "block",
  "pour",
  "promise",
] as const;
export type Verb = (typeof VERBS)[number];

/** Those that end their connection as a fault. */
const FAULTY: readonly string[] = ["fail", "hang", "unsendable", "poison"];

export function textOf({ tag, verb, argument }: Request): string {
  return `${tag} ${verb} ${argument}`;
}

export function requestOf(text: string): Request {
  const [tag = "", verb = "", argument = ""] = text.split(" ");
  return { tag, verb, argument };
}

/** The frames that answer it, in order; `undefined` when it is to fail. */
export function answersTo({ tag, verb, argument }: Request): string[] | undefined {
  if (FAULTY.includes(verb)) return undefined;
  switch (verb) {
    case "silent":
      return [];
    case "many":
    case "pour":
      return Array.from({ length: Number(argument) }, (_, index) => `${tag} #${index}`);
    case "big":
      return [`${tag} ${"x".repeat(Number(argument))}`];
    default:
      return [`${tag} ${verb} ${argument}`];
  }
}
