import { Buffer } from "node:buffer";
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { clearTimeout, setTimeout } from "node:timers";
import { describe, escapeText } from "../../core/mod.ts";
import type { AdminPlace } from "./admin_place.ts";

/** The time for a whole request: an endpoint answers within milliseconds. */
const TIMEOUT_MS = 5_000;
/** 1,000 connections with long states are a tenth of this. */
const MOST_BYTES = 16_777_216;
const MOST_MESSAGE = 256;

/** Why there is no answer. */
export class AdminFailure extends Error {
  override readonly name = "AdminFailure";
  /** The status of the answer, if one came. */
  readonly status: number | undefined;
  /** The code of the refusal, if it has one. */
  readonly code: string | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions & { readonly code?: string | undefined }) {
    super(escapeText(message, MOST_MESSAGE), options);
    this.status = status;
    this.code = options?.code;
  }
}

/** Asks an admin endpoint. One request is in flight at a time; others wait for their turn. */
export class AdminClient {
  readonly #place: AdminPlace;
  readonly #token: string | undefined;
  readonly #timeoutMs: number;
  // A connection for each request: one that the server closes while it is idle would fail the next request.
  readonly #agent = new Agent({ keepAlive: false, maxSockets: 1 });
  #turn: Promise<unknown> = Promise.resolve();
  #current: ClientRequest | undefined;
  #closed = false;

  constructor(place: AdminPlace, token: string | undefined, timeoutMs: number = TIMEOUT_MS) {
    this.#place = place;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** Fulfils with the text of an answer. @throws {AdminFailure} */
  get(path: string): Promise<string> {
    return this.#inTurn("GET", path);
  }

  /** Fulfils with JSON. @throws {AdminFailure} */
  async getJson(path: string): Promise<unknown> {
    return parsed(await this.get(path));
  }

  /** @throws {AdminFailure} */
  async delete(path: string): Promise<void> {
    await this.#inTurn("DELETE", path);
  }

  /** Sends JSON, if there is any. @throws {AdminFailure} */
  async post(path: string, body: object | undefined): Promise<void> {
    await this.#inTurn("POST", path, body);
  }

  /** Ends the request that is in flight, and all that come. */
  close(): void {
    this.#closed = true;
    this.#current?.destroy(new Error("closed"));
    this.#agent.destroy();
  }

  #inTurn(method: Method, path: string, body?: object): Promise<string> {
    const answer = this.#turn.then(() => this.#ask(method, path, body));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #ask(method: Method, path: string, body: object | undefined): Promise<string> {
    if (this.#closed) throw new AdminFailure("closed");
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const { status, text } = await new Promise<Answer>((resolve, reject) => {
        const { address, host } = this.#place;
        const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
        const authorization = this.#token !== undefined && method !== "GET";
        const headers = {
          Host: host,
          Accept: "application/json, text/plain",
          ...(authorization && { Authorization: `Bearer ${this.#token}` }),
          ...(sent !== undefined && { "Content-Type": "application/json", "Content-Length": sent.length }),
        };
        const request = httpRequest({ ...address, agent: this.#agent, method, path, headers }, (response) => {
          readAnswer(response).then(resolve, reject);
        });
        this.#current = request;
        timer = setTimeout(() => {
          const late = new AdminFailure(`no answer within ${this.#timeoutMs / 1_000} s`);
          // The rejection first: a runtime may wrap the error of `destroy`.
          reject(late);
          request.destroy(late);
        }, this.#timeoutMs);
        request.on("error", reject);
        request.end(sent);
      });
      if (status < 200 || status > 299) throw refusalOf(status, text);
      return text;
    } catch (cause) {
      this.#current?.destroy();
      if (cause instanceof AdminFailure) throw cause;
      throw new AdminFailure(reasonOf(cause), undefined, { cause });
    } finally {
      clearTimeout(timer);
      this.#current = undefined;
    }
  }
}

type Method = "GET" | "DELETE" | "POST";

interface Answer {
  readonly status: number;
  readonly text: string;
}

function readAnswer(response: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    response.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes <= MOST_BYTES) chunks.push(chunk);
      else reject(new AdminFailure(`an answer of more than ${MOST_BYTES} bytes`));
    });
    response.on("error", reject);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    // An answer that was cut off has no "end".
    response.on("close", () => reject(new AdminFailure("the answer was cut off")));
  });
}

/** Returns JSON. @throws {AdminFailure} the text is none */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AdminFailure("no JSON: this is no admin endpoint of Spillway", 200, { cause });
  }
}

/** Returns what a refusal says. */
function refusalOf(status: number, text: string): AdminFailure {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.message === "string") {
      return new AdminFailure(error.message, status, { code: typeof error.code === "string" ? error.code : undefined });
    }
  } catch {
    // Another program answered.
  }
  return new AdminFailure(`status ${status}: this is no admin endpoint of Spillway`, status);
}

/** The names of the system's errors say more to people who know them, and are short. */
function reasonOf(cause: unknown): string {
  const { code } = cause as { code?: unknown };
  if (typeof code !== "string") return describe(cause);
  if (code.startsWith("HPE_")) return "no HTTP: this is no admin endpoint of Spillway";
  return REASONS[code] ?? code;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOENT: "there is no such socket",
  EACCES: "permission denied",
  ENOTFOUND: "the name does not resolve",
  EAI_AGAIN: "the name does not resolve now",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "no answer",
};
