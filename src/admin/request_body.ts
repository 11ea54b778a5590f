import type { IncomingMessage } from "node:http";
import { Gone } from "./gone.ts";
import { Refusal } from "./refusal.ts";

const MOST_BYTES = 4_096;

/** Whether a request announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Reads a body as JSON; `undefined` when there is none. @throws {Refusal} too large, or no JSON */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) throw tooLarge();
  const { chunks, length } = await readBytes(request);
  if (length === 0) return undefined;
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Refusal(415, "body-not-json", "send the body with Content-Type: application/json");
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(joined(chunks, length))) as unknown;
  } catch {
    throw new Refusal(400, "body-not-json", "the body is no JSON in UTF-8");
  }
}

interface Body {
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
}

/** Reads with listeners, because an iterator that stops early destroys the connection, and the answer with it. */
function readBytes(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    request.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > MOST_BYTES) reject(tooLarge());
      else chunks.push(chunk);
    });
    request.on("end", () => resolve({ chunks, length }));
    request.on("close", () => reject(new Gone("the request has ended before its body")));
  });
}

function tooLarge(): Refusal {
  return new Refusal(413, "body-too-large", `the body has more than ${MOST_BYTES} bytes`);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
