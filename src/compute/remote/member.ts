import { type Client, type ClientEnd, type Clock, describe, SpillwayError } from "../../core/mod.ts";
import { type FleetError, fleetError } from "../errors.ts";
import { FleetTry, type TryOwner } from "../fleet_try.ts";
import type { TryDeadlines } from "../try_deadlines.ts";

/** A client of one server. Its type of frames is known to the fleet only. */
export type MemberClient = Client<unknown, unknown>;

/** Opens a connection. `isLast` is told of every frame that the server sends before its end. */
export type Connect = (options: {
  readonly signal: AbortSignal;
  readonly isPush: (frame: unknown) => boolean;
}) => Promise<MemberClient>;

/** The fleet of a {@link Member}. */
export interface MemberFleet {
  /** The number of frames that the member takes may have changed. */
  onCapacity(): void;
  /** A place of a frame is free: its reply has come, or cannot be waited for with a place. */
  onPlace(): void;
  onUp(address: string): void;
  onDown(address: string, error: FleetError, delayMs: number): void;
}

/** The rules of a {@link Member}. */
export interface MemberSettings {
  readonly address: string;
  readonly maxInFlight: number;
  readonly ejectAfter: number;
  readonly minEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly connectTimeoutMs: number;
  readonly probe: unknown;
  readonly isGoodbye: (frame: unknown) => boolean;
  readonly isFault: (frame: unknown) => boolean;
  readonly isProof: (frame: unknown) => boolean;
  readonly isStray: (frame: unknown) => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly deadlines: TryDeadlines;
}

/** The least time between two attempts that waiting frames ask for. */
const LEAST_PAUSE_MS = 100;

/** One connection, and the frames that it has not answered. */
interface Link {
  readonly client: MemberClient;
  /** In the order of sending. */
  readonly tries: Set<FleetTry<unknown>>;
}

/** The meaning of the last frames of a connection. Known before its client is. */
interface LastWords {
  goodbye: boolean;
  fault: boolean;
  /** Whether a frame was lost with it, and not because of a fault. */
  lost: boolean;
}

/** The state of a connection of a fleet. Only `up`, and `on trial` for one frame, takes frames. */
export type MemberState = "connecting" | "proving" | "on trial" | "up" | "parting" | "ejected" | "closed";

/**
 * A connection of a fleet to one server, and the next one when it is lost.
 *
 * | state        | takes         | ends with                                                                           |
 * | ------------ | ------------- | ----------------------------------------------------------------------------------- |
 * | `connecting` | nothing       | connected: `proving`; failed: `ejected`                                             |
 * | `proving`    | nothing       | the probe's reply: `up`; none in time: `ejected`                                    |
 * | `on trial`   | one frame     | its reply: `up`; none in time: `ejected`                                            |
 * | `up`         | `maxInFlight` | a goodbye: `parting`; lost, or `ejectAfter` failures without a reply: `ejected`     |
 * | `parting`    | nothing       | the connection's end: `connecting`                                                  |
 * | `ejected`    | nothing       | the pause is over, and nobody waits for a reply: `connecting`                       |
 * | `closed`     | nothing       |                                                                                     |
 *
 * Without a probe, a connection after a failure is `on trial`, and any other is `up` at once.
 */
export class Member implements TryOwner<unknown> {
  state: MemberState = "closed";
  readonly #connect: Connect;
  readonly #settings: MemberSettings;
  readonly #fleet: MemberFleet;
  #link: Link | undefined;
  /** The frames that are waited for. */
  #awaited = 0;
  /** Failures since the last reply, and ejections since then. */
  #failures = 0;
  #ejections = 0;
  #attemptedAt = -Infinity;
  #timer: unknown;
  /** Whether the pause is over, and the next attempt waits for the last replies only. */
  #due = false;
  /** Gives up the attempt that is under way. */
  #attempt = new AbortController();
  /** Whether it takes nothing more, and closes with the last reply. */
  #leaving = false;

  constructor(connect: Connect, settings: MemberSettings, fleet: MemberFleet) {
    this.#connect = connect;
    this.#settings = settings;
    this.#fleet = fleet;
  }

  get address(): string {
    return this.#settings.address;
  }

  /** The most frames that it takes. */
  get capacity(): number {
    if (this.#leaving) return 0;
    if (this.state === "up") return this.#settings.maxInFlight;
    return this.state === "on trial" ? 1 : 0;
  }

  /** The frames that have no reply, also those that nobody waits for any more. */
  get inFlight(): number {
    return this.#link?.tries.size ?? 0;
  }

  /** Whether an attempt to reach the server is under way. */
  get trying(): boolean {
    return this.state === "connecting" || this.state === "proving";
  }

  start(): void {
    void this.#open();
  }

  /** Ends the pause of an ejection: frames wait, and no other member is up. */
  hurry(): void {
    if (this.state !== "ejected" || this.#due || this.#leaving) return;
    if (this.#settings.clock.now() - this.#attemptedAt < LEAST_PAUSE_MS) return;
    this.#onPauseOver();
  }

  /** Sends a frame. The caller has a place for it. */
  send(frame: unknown, signal: AbortSignal): FleetTry<unknown> {
    const one = new FleetTry<unknown>(this, signal);
    const link = this.#link as Link;
    link.tries.add(one);
    this.#awaited += 1;
    this.#settings.deadlines.add(one);
    link.client.request(frame, { timeoutMs: Infinity }).then(
      (reply) => {
        this.#release(link, one);
        this.#onReply(link);
        one.fulfil(reply);
      },
      (error: unknown) => this.#onLost(link, one, error),
    );
    return one;
  }

  /** Counts a failure of the connection: a reply is not understood. */
  fail(error: FleetError): void {
    this.#eject(error);
  }

  /** Takes nothing more, and closes when the last frame has its reply. Rejects nothing. */
  leave(): void {
    this.#leaving = true;
    this.#fleet.onCapacity();
    if (this.#link === undefined || this.inFlight === 0)
      this.close(fleetError("fleet-closed", "the server is no target any more"));
  }

  /** Ends now: frames without a reply fail with the error. */
  close(error: FleetError): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#settings.clock.clearTimeout(this.#timer);
    this.#attempt.abort(error);
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return this.#fleet.onCapacity();
    for (const one of link.tries) {
      this.#release(link, one);
      one.fail(error);
    }
    link.client.abort();
    this.#fleet.onCapacity();
  }

  onTimeout(one: FleetTry<unknown>): void {
    const error = fleetError(
      "worker-timeout",
      `${this.address} did not reply in time: whether the frame was handled is unknown`,
    );
    // A frame that nobody waits for any more says the same of the server.
    const known = this.#link?.tries.has(one) === true;
    one.lose(error, false);
    if (!known || this.state === "closed" || this.state === "ejected") return;
    this.#failures += 1;
    if (this.state === "on trial" || this.#failures >= this.#settings.ejectAfter) this.#eject(error);
  }

  onSettled(): void {
    this.#awaited -= 1;
    if (this.#awaited === 0 && this.#due) void this.#open();
  }

  async #open(): Promise<void> {
    const { clock, isFault, isGoodbye } = this.#settings;
    this.#due = false;
    this.state = "connecting";
    this.#attemptedAt = clock.now();
    this.#link?.client.abort();
    this.#link = undefined;
    this.#attempt = new AbortController();
    const last: LastWords = { goodbye: false, fault: false, lost: false };
    const link: { current?: Link } = {};
    try {
      const client = await this.#connect({
        signal: this.#attempt.signal,
        isPush: (frame) => {
          if (isGoodbye(frame)) {
            last.goodbye = true;
            if (link.current !== undefined) this.#onGoodbye(link.current);
            return true;
          }
          if (!isFault(frame)) return false;
          last.fault = true;
          return true;
        },
      });
      if (this.#hasEnded) return client.abort();
      link.current = { client, tries: new Set() };
      this.#lastWords.set(link.current, last);
      this.#onConnected(link.current);
    } catch (cause) {
      if (!this.#hasEnded) this.#eject(fleetError("no-workers", `${this.address}: ${describe(cause)}`, cause));
    }
  }

  /** The last words on each connection that may still reject its requests. */
  readonly #lastWords = new WeakMap<Link, LastWords>();

  /** The connections that ended because of one frame. */
  readonly #faulted = new WeakSet<Link>();

  /** Not narrowed: the state changes while something is awaited. */
  get #hasEnded(): boolean {
    return this.state === "closed";
  }

  #onConnected(link: Link): void {
    const { probe } = this.#settings;
    this.#link = link;
    void link.client.closed.then((end) => this.#onEnd(link, end));
    void this.#takePushes(link);
    if (this.#lastWords.get(link)?.goodbye === true) return this.#onGoodbye(link);
    if (probe !== undefined) {
      this.state = "proving";
      void this.#prove(link, probe);
    } else if (this.#ejections > 0) {
      this.state = "on trial";
      this.#fleet.onCapacity();
    } else this.#onUp();
  }

  async #prove(link: Link, probe: unknown): Promise<void> {
    const { connectTimeoutMs, isProof } = this.#settings;
    try {
      const proof = await link.client.request(probe, { timeoutMs: connectTimeoutMs });
      if (!isProof(proof)) throw new Error("it is no worker of a fleet");
      if (link === this.#link && this.state === "proving") this.#onUp();
    } catch (cause) {
      if (link !== this.#link || this.state !== "proving") return;
      this.#eject(fleetError("worker-lost", `${this.address} did not answer a probe: ${describe(cause)}`, cause));
    }
  }

  /** Takes the last frames, and others that a server sends without having been asked. */
  async #takePushes(link: Link): Promise<void> {
    try {
      for await (const frame of link.client) {
        if (link !== this.#link || !this.#settings.isStray(frame)) continue;
        // Replies are matched by their order, so nothing more can be believed.
        this.#eject(
          fleetError(
            "worker-lost",
            `${this.address} sends frames that nobody has asked for: it is no worker of a fleet`,
          ),
        );
        link.client.abort();
      }
    } catch {
      // The end of the connection is reported elsewhere.
    }
  }

  #onUp(): void {
    this.state = "up";
    this.#failures = 0;
    this.#fleet.onUp(this.address);
    this.#fleet.onCapacity();
  }

  #onReply(link: Link): void {
    if (link !== this.#link) return;
    this.#failures = 0;
    if (this.state === "on trial") this.#onUp();
    if (this.state === "up") this.#ejections = 0;
    if (this.#leaving && link.tries.size === 0)
      this.close(fleetError("fleet-closed", "the server is no target any more"));
  }

  /** The server drains: it handles nothing more of this connection, and has answered every frame that it has handled. */
  #onGoodbye(link: Link): void {
    if (link !== this.#link || this.state === "closed") return;
    this.state = "parting";
    this.#fleet.onCapacity();
  }

  #onEnd(link: Link, { error, reason }: ClientEnd): void {
    if (link !== this.#link || this.state === "closed") return;
    this.#link = undefined;
    if (this.#leaving) return this.close(fleetError("fleet-closed", "the server is no target any more"));
    // The pause of an ejection is under way already.
    if (this.state === "ejected") return;
    // A server that has stopped in order, or ends idle connections, may be there again at once, or another in its place.
    const lost = this.#lastWords.get(link)?.lost === true || link.tries.size > 0;
    const idle = !lost && (reason === "remote-closed" || reason === "idle-timeout");
    if (this.state === "parting" || (idle && this.state === "up")) return this.#again();
    this.#eject(
      fleetError("worker-lost", `the connection to ${this.address} has ended: ${error?.message ?? reason}`, error),
    );
  }

  /** Connects at once; but a server that ends each connection at once is not asked without a pause. */
  #again(): void {
    const { clock } = this.#settings;
    if (clock.now() - this.#attemptedAt >= LEAST_PAUSE_MS) return void this.#open();
    this.#pause(LEAST_PAUSE_MS);
    this.#fleet.onCapacity();
  }

  #onLost(link: Link, one: FleetTry<unknown>, cause: unknown): void {
    this.#release(link, one);
    const code = cause instanceof SpillwayError ? cause.code : undefined;
    const last = this.#lastWords.get(link);
    if (code === "reply-invalid" || code === "codec-failed") {
      // The frame is not one of the codec.
      one.fail(cause);
    } else if (last?.fault === true) {
      // Of a fault it is known which frame it is about: the oldest.
      last.fault = false;
      this.#faulted.add(link);
      one.fail(fleetError("worker-failed", `${this.address} failed at this frame`, cause));
    } else {
      if (last !== undefined && !this.#faulted.has(link)) last.lost = true;
      const unhandled = last?.goodbye === true || code === "client-closed";
      // Whoever tries again must not come back to this connection.
      if (code === "client-closed") this.#onGoodbye(link);
      const what = unhandled ? "the frame was not handled" : "whether the frame was handled is unknown";
      one.lose(fleetError("worker-lost", `${this.address} was lost: ${what}`, cause), unhandled);
    }
  }

  #eject(error: FleetError): void {
    const { maxEjectionMs, minEjectionMs, random } = this.#settings;
    if (this.state === "closed" || this.state === "ejected") return;
    // Replies may still come, and are waited for, but not with places that other servers could use.
    const link = this.#link;
    for (const one of link?.tries ?? []) this.#freePlace(one);
    const longest = Math.min(maxEjectionMs, minEjectionMs * 2 ** Math.min(this.#ejections, 30));
    const delayMs = longest * (0.5 + 0.5 * random());
    this.#ejections += 1;
    this.#pause(delayMs);
    this.#fleet.onDown(this.address, error, delayMs);
    this.#fleet.onCapacity();
  }

  #pause(delayMs: number): void {
    this.state = "ejected";
    this.#timer = this.#settings.clock.setTimeout(() => this.#onPauseOver(), delayMs);
  }

  #onPauseOver(): void {
    this.#settings.clock.clearTimeout(this.#timer);
    if (this.#awaited > 0) this.#due = true;
    else void this.#open();
  }

  #release(link: Link, one: FleetTry<unknown>): void {
    link.tries.delete(one);
    this.#settings.deadlines.delete(one);
    this.#freePlace(one);
  }

  #freePlace(one: FleetTry<unknown>): void {
    if (!one.placed) return;
    one.placed = false;
    this.#fleet.onPlace();
  }
}
