import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Address, Clock } from "../core/mod.ts";
import type { AdminTarget } from "./admin_target.ts";
import { type Answer, json } from "./answer.ts";
import type { AdminErrorCode } from "./errors.ts";
import { Gone } from "./gone.ts";
import { type HttpListener, listenHttp } from "./http_listener.ts";
import { Refusal } from "./refusal.ts";
import { hasBody } from "./request_body.ts";
import { SECURITY_HEADERS } from "./security_headers.ts";

/** Limits of what clients of the endpoint may take. */
export interface HttpBounds {
  readonly maxConnections: number;
  /**
   * The number of connections beyond `maxConnections` that carry one request each, and only a probe's. When they are taken, the
   * oldest of them makes room.
   */
  readonly maxReserved: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How often the runtime looks for requests that are late. */
  readonly checkMs: number;
  /** The time for an answer to be made, and to be read. */
  readonly answerTimeoutMs: number;
  /** The number of bytes of all answers that wait to be read. */
  readonly maxWaitingBytes: number;
  /** The number of bytes of a refused request's body that are read, so that its sender gets to the answer. */
  readonly maxDiscardedBytes: number;
}

export const HTTP_BOUNDS: HttpBounds = {
  maxConnections: 64,
  maxReserved: 8,
  maxHeaderBytes: 8_192,
  maxHeaders: 64,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5_000,
  checkMs: 500,
  answerTimeoutMs: 10_000,
  maxWaitingBytes: 16 * 2 ** 20,
  maxDiscardedBytes: 65_536,
};

/** Answers of so many bytes are not refused for want of room. */
const SMALL_BYTES = 4_096;

/** The time for answers under way to be read when the endpoint closes, and for the answer to a malformed request. */
const GRACE_MS = 1_000;

/** A request that has come, with what its answer may need. */
export interface HttpRequest {
  readonly message: IncomingMessage;
  /** Whether its connection is one of those that are kept for probes. */
  readonly reserved: boolean;
  /** Whether nobody waits for the answer any more. */
  readonly gone: () => boolean;
  /** Lets the answer take as long as it takes. */
  readonly takeYourTime: () => void;
  /** Writes the head of a stream, which has no deadline, and returns the response. */
  readonly stream: (contentType: string) => ServerResponse;
}

/** Answers a request; `undefined` when its answer is a stream. Throws a {@link Refusal} to answer with an error. */
export type Responder = (request: HttpRequest) => Promise<Answer | undefined>;

/**
 * An HTTP server for few and possibly hostile clients: everything that one of them can make it keep or wait for is
 * bounded in number, bytes and time.
 */
export class HttpServer {
  #server: Server | undefined;
  readonly #respond: Responder;
  readonly #bounds: HttpBounds;
  readonly #clock: Clock;
  readonly #sockets = new Set<Socket>();
  /** Those beyond `maxConnections`, the oldest first. */
  readonly #reserved = new Set<Socket>();
  /** The connections with a request that is not answered. */
  readonly #asking = new WeakSet<Socket>();
  #waitingBytes = 0;
  #listener: HttpListener | undefined;

  constructor(respond: Responder, clock: Clock, bounds: HttpBounds = HTTP_BOUNDS) {
    this.#respond = respond;
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** @throws {SpillwayError} it cannot listen there */
  async listen(target: AdminTarget): Promise<Address> {
    const server = await this.#create();
    this.#listener = await listenHttp(server, target);
    this.#server = server;
    // An error while the server accepts is no reason to end the process.
    server.on("error", () => undefined);
    return this.#listener.address;
  }

  /** Stops listening, and disconnects everybody: those who wait for an answer, after a second. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#listener?.remove();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = this.#clock.setTimeout(() => {
      for (const socket of [...this.#sockets, ...this.#reserved]) socket.destroy();
      server.closeAllConnections();
    }, GRACE_MS);
    await closed;
    this.#clock.clearTimeout(timer);
  }

  async #create(): Promise<Server> {
    // Bun reads the environment when it loads this module.
    const { createServer } = await import("node:http");
    const bounds = this.#bounds;
    const options = {
      maxHeaderSize: bounds.maxHeaderBytes,
      headersTimeout: bounds.headersTimeoutMs,
      requestTimeout: bounds.requestTimeoutMs,
      keepAliveTimeout: bounds.keepAliveTimeoutMs,
      connectionsCheckingInterval: bounds.checkMs,
    };
    const server = createServer(options, (message, response) => void this.#onRequest(message, response));
    // One more than may be, so that too many can be told from just enough.
    server.maxHeadersCount = bounds.maxHeaders + 1;
    server.on("connection", (socket: Socket) => this.#onConnection(socket));
    server.on("clientError", (cause: Error & { code?: string }, socket: Socket) => refuseRaw(cause, socket));
    return server;
  }

  #onConnection(socket: Socket): void {
    socket.on("error", () => undefined);
    const { maxConnections, maxReserved } = this.#bounds;
    const kept = this.#sockets.size < maxConnections ? this.#sockets : this.#reserved;
    kept.add(socket);
    socket.on("close", () => kept.delete(socket));
    if (this.#reserved.size <= maxReserved) return;
    const [oldest] = this.#reserved;
    if (oldest === undefined) return;
    this.#reserved.delete(oldest);
    oldest.destroy();
  }

  async #onRequest(message: IncomingMessage, response: ServerResponse): Promise<void> {
    message.on("error", () => undefined);
    response.on("error", () => undefined);
    if (!this.#takes(message.socket, response)) return;
    const deadline = this.#clock.setTimeout(() => message.socket.destroy(), this.#bounds.answerTimeoutMs);
    response.on("close", () => this.#clock.clearTimeout(deadline));
    const takeYourTime = () => this.#clock.clearTimeout(deadline);
    const stream = (contentType: string): ServerResponse => {
      takeYourTime();
      response.writeHead(200, { ...SECURITY_HEADERS, "Content-Type": contentType });
      return response;
    };
    try {
      this.#checkHeaders(message);
      const reserved = this.#reserved.has(message.socket);
      // One that was kept for probes is so no longer than for one of them.
      if (reserved) response.setHeader("Connection", "close");
      const gone = () => response.closed || response.destroyed;
      const answer = await this.#respond({ message, reserved, gone, takeYourTime, stream });
      if (answer !== undefined) this.#send(message, response, answer);
    } catch (error) {
      if (!(error instanceof Gone)) this.#send(message, response, errorAnswer(error));
    }
  }

  /**
   * One request at a time: an answer behind another one may never hear that its client is gone, and would be counted for
   * ever.
   */
  #takes(socket: Socket, response: ServerResponse): boolean {
    if (this.#asking.has(socket)) {
      socket.destroy();
      return false;
    }
    this.#asking.add(socket);
    const answered = () => this.#asking.delete(socket);
    response.on("finish", answered).on("close", answered);
    return true;
  }

  #checkHeaders({ rawHeaders }: IncomingMessage): void {
    if (rawHeaders.length <= 2 * this.#bounds.maxHeaders) return;
    throw new Refusal(431, "bad-request", `a request may have ${this.#bounds.maxHeaders} headers`);
  }

  #send(message: IncomingMessage, response: ServerResponse, given: Answer): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // Small answers always have room: those of probes, and of changes that were carried out.
    const large = given.body.length > SMALL_BYTES;
    const answer = large && this.#waitingBytes + given.body.length > this.#bounds.maxWaitingBytes ? busy() : given;
    const bytes = typeof answer.body === "string" ? new TextEncoder().encode(answer.body) : answer.body;
    // A body that nobody has read cannot be told from the next request.
    const unread = hasBody(message) && !message.readableEnded;
    response.writeHead(answer.status, {
      ...SECURITY_HEADERS,
      "Content-Type": answer.contentType,
      "Content-Length": String(bytes.length),
      ...answer.headers,
      ...(unread && { Connection: "close" }),
    });
    if (unread) this.#discard(message);
    if (message.method === "HEAD") {
      response.end();
      return;
    }
    this.#waitingBytes += bytes.length;
    response.on("close", () => {
      this.#waitingBytes -= bytes.length;
    });
    response.end(bytes);
  }

  #discard(message: IncomingMessage): void {
    let discarded = 0;
    message.on("data", (chunk: Uint8Array) => {
      discarded += chunk.length;
      if (discarded > this.#bounds.maxDiscardedBytes) message.socket.destroy();
    });
    message.resume();
  }
}

function busy(): Answer {
  const message = "too many bytes of answers wait to be read: ask again, or for less at once";
  return errorAnswer(new Refusal(503, "busy", message, { "Retry-After": "1" }));
}

function errorAnswer(error: unknown): Answer {
  if (error instanceof Refusal) return errorJson(error.status, error.code, error.message, error.headers);
  const message = error instanceof Error ? error.message : String(error);
  return errorJson(500, "failed", `this endpoint failed: ${message}`);
}

function errorJson(status: number, code: AdminErrorCode, message: string, headers = {}): Answer {
  return json({ error: { code, message } }, status, headers);
}

const RAW: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Answers what is no request. */
function refuseRaw({ code = "" }: { code?: string }, socket: Socket): void {
  if (!socket.writable || code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = RAW[code] ?? "400 Bad Request";
  setTimeout(() => socket.destroy(), GRACE_MS).unref();
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
