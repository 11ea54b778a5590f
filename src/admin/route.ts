import type { ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import type { Query } from "./query.ts";

/** A request, as routes see it: over HTTP, or from a supervisor. */
export interface RoutedRequest {
  /** Whether only the head of the answer is wanted. */
  readonly headOnly: boolean;
  readonly query: Query;
  /** The parts of the path that the pattern of the route has captured. */
  readonly captured: readonly string[];
  /** Reads the body as JSON; `undefined` when there is none. Rejects with a refusal if it is none, or too large. */
  readonly body: () => Promise<unknown>;
  /** Whether nobody waits for the answer any more. */
  readonly gone: () => boolean;
  /** Lets the answer take as long as it takes. */
  readonly takeYourTime: () => void;
  /** Writes the head of a stream, which has no deadline, and returns the response. */
  readonly stream: (contentType: string) => ServerResponse;
}

/** A route: answers a method at a path. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: RegExp;
  /** Whether the route changes something, so that it needs the token. */
  readonly changes?: boolean;
  /** The parameters of the route. Probes ignore theirs: an operator who configures a probe sees no error message. */
  readonly parameters: readonly string[] | "ignored";
  readonly answer: (request: RoutedRequest) => Promise<Answer | undefined> | Answer | undefined;
}
