import { type Codec, checkOptions } from "../core/mod.ts";
import { isUnframed } from "./chunking.ts";
import type { ClientFacts } from "./generated_client.ts";
import { Known } from "./known_replies.ts";
import type { ManualClock } from "./manual_clock.ts";
import { type Random, seededRandom } from "./random.ts";
import { RealWork } from "./real_work.ts";
import { SampleFrames } from "./sample_frames.ts";
import type { SimulatedNetwork } from "./simulated_network.ts";

/** The frames that the clients of a service send, and the check of their replies. */
export interface TrafficOptions<Request = string, Reply = Request> {
  /**
   * The frames that clients send: a list to choose from, or a function that makes one from random numbers. With `codec`, they are
   * frames of its encoder. Without, the service's codec encodes them if its decoder then returns the same frame; otherwise strings and
   * bytes are sent as they are, with LF or CRLF if the service wants that. Default: text, bytes or numbers, whatever the codec takes.
   */
  readonly frames?: readonly Request[] | ((random: Random) => Request);
  /** The codec of a client: it encodes frames, and decodes replies. Default: the service's, if that encodes what it decodes. */
  readonly codec?: Codec<Reply, Request>;
  /** Called with each frame and its reply, for services with one reply a frame. An error that it throws is a failure of the service.
   * Default: replies are only compared with those on a quiet network. */
  readonly check?: (request: Request, reply: Reply) => void;
}

/** The parts of a simulation that a service may be made of. */
export interface SimulatedParts {
  /** The clock, on which virtual time passes. */
  readonly clock: ManualClock;
  /** The random numbers of the seed. */
  readonly random: Random;
  /** A transport on which nothing else is simulated. */
  readonly network: SimulatedNetwork;
}

/**
 * The export `simulate` of a service module, for `spillway simulate`: the frames that clients send, and the check of their replies. All of it is
 * optional, and so is the export.
 *
 * @example
 * ```ts
 * import { defineService, lines } from "spillway";
 * import type { ServiceSimulation } from "spillway/testing";
 *
 * export default defineService({ codec: lines(), handler: (line) => `${line.length}` });
 *
 * export const simulate: ServiceSimulation = {
 *   frames: (random) => "x".repeat(random.below(20)),
 *   check: (request, reply) => {
 *     if (reply !== `${request.length}`) throw new Error(`not the length of ${request}`);
 *   },
 * };
 * ```
 */
export interface ServiceSimulation<Request = string, Reply = Request> extends TrafficOptions<Request, Reply> {
  /**
   * Makes the service for a simulation, in place of the default export: of other parts than those of the runtime. For a service that
   * connects elsewhere, `network` is a `Transport`, on which the function can also serve what the service connects to.
   */
  readonly service?: (parts: SimulatedParts) => unknown;
}

/** Frames for clients that {@link simulate} plays itself. Made by {@link traffic}. */
export class Traffic {
  readonly #options: TrafficOptions<unknown, unknown>;
  /** @internal The work that does not go by the virtual clock. */
  readonly realWork: RealWork = new RealWork();
  #frames: SampleFrames | undefined;
  #facts: ClientFacts | undefined;

  /** Use {@link traffic}. */
  constructor(options: TrafficOptions<unknown, unknown>) {
    this.#options = options;
  }

  /** @internal The frames, once a service was simulated. */
  get frames(): SampleFrames | undefined {
    return this.#frames;
  }

  /** @internal What is known of the service, once it was simulated. */
  get facts(): ClientFacts | undefined {
    return this.#facts;
  }

  /** @internal Returns the frames for a service with that codec. All services of one traffic are the same service. */
  framesFor(codec: Codec<unknown, unknown>): SampleFrames {
    const { codec: own, frames } = this.#options;
    this.#frames ??= new SampleFrames(codec, own, frames, seededRandom(0).fork("frames"));
    return this.#frames;
  }

  /** @internal Returns what a client needs for a service with that codec: as yet, nothing is known of its replies. */
  factsFor(service: Codec<unknown, unknown>): ClientFacts {
    const { codec: own, check } = this.#options;
    const { symmetric, known: sent } = this.framesFor(service);
    const codec = own ?? (symmetric ? service : undefined);
    const unframed = sent.length > 0 && sent.every(({ bytes }) => bytes.length === 1 || isUnframed(service, bytes));
    return { codec, check, known: new Known(codec !== undefined && !unframed) };
  }

  /** @internal Keeps what a quiet network has told. */
  learn(facts: ClientFacts): void {
    this.#facts = facts;
  }
}

/**
 * Returns frames for clients that {@link simulate} plays itself, without a script. It first tries each frame on a quiet network. Then it
 * requires the same on a bad one: the number of replies to a frame; and the replies themselves, if they are always the same.
 *
 * Use the result for all seeds of one service.
 *
 * @throws {TypeError} an unknown option
 *
 * @example
 * ```ts
 * import { lines } from "spillway/codecs";
 * import { simulate, traffic } from "spillway/testing";
 *
 * const service = () => ({ codec: lines(), handler: (line: string) => line.toUpperCase() });
 * const client = traffic({ frames: ["apple", "fig"] });
 * for (let seed = 1; seed <= 3; seed++) await simulate({ seed, service, client });
 * ```
 */
export function traffic<Request = string, Reply = Request>(options: TrafficOptions<Request, Reply> = {}): Traffic {
  checkOptions(options, { frames: true, codec: true, check: true });
  return new Traffic(options as unknown as TrafficOptions<unknown, unknown>);
}
