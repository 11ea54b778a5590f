// MessagePack with a length prefix of four bytes: procedure calls in the format of MessagePack-RPC. A request is
// [0, id, method, parameters] and its response is [1, id, error, result]. A notification, [2, method, parameters], has no
// response.
//   deno run -A src/main.ts serve ./examples/messagepack.ts --port 8080
import { decode, encode } from "@msgpack/msgpack";
import { type Codec, type Service, SpillwayError } from "spillway";
import { lengthPrefixed, mapCodec } from "spillway/codecs";
import type { ServiceSimulation } from "spillway/testing";

const REQUEST = 0;
const RESPONSE = 1;
const NOTIFICATION = 2;

/** A call. A call without an `id` is a notification. */
export interface Call {
  readonly id?: number;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

/** The outcome of a call. */
export interface Outcome {
  readonly id: number;
  readonly error?: string;
  readonly result?: unknown;
}

type Procedure = (...parameters: readonly unknown[]) => unknown;

const PROCEDURES: ReadonlyMap<string, Procedure> = new Map(
  Object.entries<Procedure>({
    echo: (value) => value,
    sum: (...numbers) => numbers.reduce<number>((total, number) => total + Number(number), 0),
  }),
);

/** Decodes calls and encodes outcomes. Input that is not MessagePack, or not a call, is `frame-invalid`. */
export function messagePackRpc(maxFrameBytes: number = 65_536): Codec<Call, Outcome> {
  return mapCodec(lengthPrefixed({ width: 4, maxFrameBytes }), {
    decode: (bytes) => callIn(decode(bytes)),
    encode: ({ id, error, result }: Outcome) => encode([RESPONSE, id, error ?? null, result ?? null]),
  });
}

export default {
  codec: messagePackRpc(),
  handler: ({ id, method, parameters }) => {
    const procedure = PROCEDURES.get(method);
    const outcome = procedure === undefined ? { error: `no method ${method}` } : { result: procedure(...parameters) };
    return id === undefined ? undefined : { id, ...outcome };
  },
} satisfies Service<Call, Outcome>;

/** The frames that the clients of `spillway simulate` send, and the replies that they expect. */
export const simulate: ServiceSimulation<Call, Outcome> = {
  codec: mapCodec(lengthPrefixed({ width: 4 }), {
    decode: (bytes) => {
      const [, id, error, result] = decode(bytes) as [number, number, string | null, unknown];
      return { id, result, ...(error !== null && { error }) };
    },
    encode: ({ id, method, parameters }: Call) =>
      encode(id === undefined ? [NOTIFICATION, method, parameters] : [REQUEST, id, method, parameters]),
  }),
  frames: (random) => ({
    id: random.below(1_000),
    method: random.pick(["echo", "sum", "nosuch"]),
    parameters: [random.below(100), random.below(100)],
  }),
  check: ({ id, method, parameters }, outcome) => {
    const [one, other] = parameters as [number, number];
    const expected = method === "echo" ? one : method === "sum" ? one + other : null;
    if (outcome.id !== id || outcome.result !== expected) throw new Error(`expected ${expected} for call ${id}`);
  },
};

function callIn(message: unknown): Call {
  const parts: readonly unknown[] = Array.isArray(message) ? message : [];
  const [type, ...rest] = parts;
  const [id, method, parameters] = type === NOTIFICATION ? [undefined, ...rest] : rest;
  const identified = type === NOTIFICATION || (type === REQUEST && isId(id));
  if (!identified || typeof method !== "string" || !Array.isArray(parameters)) {
    throw new SpillwayError("frame-invalid", "neither a request nor a notification");
  }
  return isId(id) ? { id, method, parameters } : { method, parameters };
}

function isId(id: unknown): id is number {
  return typeof id === "number" && Number.isInteger(id) && id >= 0;
}
