import {
  type Address,
  addressText,
  type ClientOptions,
  connect as connectOver,
  describe,
  ErrorLog,
  type EstablishStep,
} from "../../core/mod.ts";
import { type FleetError, fleetError } from "../errors.ts";
import type { Fleet, FleetEvent, FleetStats } from "../fleet.ts";
import { FleetLog } from "../fleet_log.ts";
import type { WorkerReply } from "../fleet_message.ts";
import type { FleetTry } from "../fleet_try.ts";
import { Gate, type GateHost } from "../gate.ts";
import { Tries } from "../tries.ts";
import { TryDeadlines } from "../try_deadlines.ts";
import { leastBusy } from "./least_busy.ts";
import { Member, type MemberClient, type MemberFleet, type MemberState } from "./member.ts";
import { type RemoteOptions, type RemoteSettings, resolveRemote } from "./remote_options.ts";
import { chosen, type NamedTarget, type Target } from "./targets.ts";
import { type WireProtocol, wireProtocol } from "./wire_protocol.ts";

/** The state of one connection of a {@link RemoteFleet}. */
export interface MemberStats {
  /** Where it leads. */
  readonly address: string;
  /** Whether it takes frames. */
  readonly state: MemberState;
  /** Frames without a reply, also those that nobody waits for any more. */
  readonly inFlight: number;
}

/** The state of a {@link RemoteFleet}. */
export interface RemoteStats extends FleetStats {
  /** The connections of all servers. */
  readonly members: readonly MemberStats[];
}

/** A {@link Fleet} of servers. */
export interface RemoteFleet<In, Out> extends Fleet<In, Out> {
  /** Returns the present counts. */
  stats(): RemoteStats;
}

/**
 * Returns a handler that computes on other servers: workers that run `spillway work --listen` or serve a `workService`, or any server
 * with one reply for each frame.
 *
 * A frame goes to the connection with the fewest frames in flight. It waits while each has `maxInFlight`, and is refused
 * (`fleet-busy`) while `maxQueue` wait. A frame that was provably not handled goes to another: the worker said goodbye before its
 * reply, refused the frame, or was never sent it. With `idempotent`, so does a frame that was lost or took too long. A connection whose
 * tries fail is ejected, and takes part again when it has answered a probe.
 *
 * Connects with the first frame, or with `ready()`. Keeps the process alive until `close()`.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { remote, workService } from "spillway/compute";
 *
 * const worker = await serve({ port: 0, ...workService((line: string) => line.toUpperCase()) });
 * const fleet = remote<string>({ targets: [`127.0.0.1:${worker.address.port}`] });
 * const server = await serve({ port: 0, codec: lines(), concurrency: 8, handler: fleet.handler });
 *
 * console.log(await fleet.handler("hello", { signal: AbortSignal.timeout(1_000) })); // HELLO
 * await server.shutdown();
 * await fleet.close();
 * await worker.shutdown();
 * ```
 */
export function remote<In = string, Out = In>(options: RemoteOptions<In, Out>): RemoteFleet<In, Out> {
  return new Members<In, Out>(resolveRemote(options));
}

/** The time without a byte after which a connection that nobody uses is proved. */
const BEAT_MS = 15_000;
const LONGEST_BEAT_MS = 60_000;

/** The fleet that {@link remote} returns. */
class Members<In, Out> implements RemoteFleet<In, Out>, MemberFleet, GateHost {
  readonly #settings: RemoteSettings<In, Out>;
  readonly #protocol: WireProtocol<In, unknown, unknown>;
  readonly #tries: Tries;
  readonly #deadlines: TryDeadlines;
  /** Admits as many frames as the members take. */
  readonly #gate: Gate;
  readonly #log: FleetLog;
  /** The members of each target, by their addresses. */
  readonly #members = new Map<Target, Map<string, Member[]>>();
  /** All of them, and those that only wait for their last replies. */
  readonly #all = new Set<Member>();
  /** Where the next look for a member begins: equal ones take turns. */
  #turn = 0;
  #started = false;
  #resolving = 0;
  #resolveTimer: unknown;
  #closing: FleetError | undefined;

  constructor(settings: RemoteSettings<In, Out>) {
    this.#settings = settings;
    this.#protocol = wireProtocol(settings);
    this.#tries = new Tries(settings);
    this.#deadlines = new TryDeadlines(settings.clock, settings.tryTimeoutMs);
    this.#gate = new Gate({ ...settings, attemptMs: settings.connectTimeoutMs }, this);
    this.#log = new FleetLog(settings.observer, new ErrorLog(settings.clock));
  }

  readonly handler = async (frame: In, { signal }: { readonly signal: AbortSignal }): Promise<Out | undefined> => {
    const packed = this.#protocol.pack(frame);
    const asked = new Set<Member>();
    return (await this.#tries.reply(signal, () => this.#try(packed, asked, signal))) as Out | undefined;
  };

  async ready(): Promise<void> {
    await this.#enter(undefined);
    this.#gate.leave();
  }

  stats(): RemoteStats {
    const { answered, failed, retries } = this.#tries;
    const members = [...this.#all].map(({ address, inFlight, state }) => ({ address, inFlight, state }));
    return {
      workers: [...this.#all].filter(({ capacity }) => capacity > 0).length,
      busy: members.reduce((sum, { inFlight }) => sum + inFlight, 0),
      queued: this.#gate.waiting,
      answered,
      failed,
      retries,
      members,
    };
  }

  async close(): Promise<void> {
    if (this.#closing !== undefined) return;
    const { clock } = this.#settings;
    const error = closedError();
    this.#closing = error;
    this.#gate.close(error);
    clock.clearTimeout(this.#resolveTimer);
    for (const member of this.#all) member.close(error);
    this.#all.clear();
    this.#members.clear();
    this.#deadlines.clear();
    this.#log.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  onPlace(): void {
    this.#gate.leave();
  }

  onUp(address: string): void {
    this.#log.emit({ type: "worker-up", address });
  }

  onDown(address: string, error: FleetError, delayMs: number): void {
    this.#gate.lastError = error;
    this.#emit({ type: "worker-down", address, error, delayMs });
  }

  onCapacity(): void {
    if (this.#closing !== undefined) return;
    let room = 0;
    for (const member of this.#all) {
      if (member.state === "closed") this.#all.delete(member);
      else room += member.capacity;
    }
    this.#gate.room = room;
  }

  get trying(): boolean {
    return this.#resolving > 0 || [...this.#all].some(({ trying }) => trying);
  }

  hurry(): void {
    for (const member of this.#all) member.hurry();
  }

  // Frames.

  async #try(packed: unknown, asked: Set<Member>, signal: AbortSignal): Promise<WorkerReply> {
    const member = await this.#place(asked, signal);
    if (signal.aborted) {
      this.#gate.leave();
      throw signal.reason;
    }
    asked.add(member);
    const one = member.send(packed, signal);
    const { hedgeAfterMs } = this.#settings;
    const raw = await (hedgeAfterMs === Infinity ? one.reply : this.#hedged(one, packed, asked, signal));
    try {
      return this.#protocol.unpack(raw);
    } catch (cause) {
      const error = fleetError(
        "worker-failed",
        `${member.address} does not speak as a worker of a fleet: ${describe(cause)}`,
        cause,
      );
      member.fail(error);
      throw error;
    }
  }

  /** Fulfils with a member that has room, and one of its places. */
  async #place(asked: ReadonlySet<Member>, signal: AbortSignal | undefined): Promise<Member> {
    for (;;) {
      await this.#enter(signal);
      const member = this.#leastBusy(asked) ?? (asked.size > 0 ? this.#leastBusy(new Set()) : undefined);
      if (member !== undefined) return member;
      // The member for which there was room has gone meanwhile.
      this.#gate.leave();
    }
  }

  #enter(signal: AbortSignal | undefined): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(this.#closing);
    if (!this.#started) this.#start();
    return this.#gate.enter(signal);
  }

  #leastBusy(asked: ReadonlySet<Member>): Member | undefined {
    this.#turn += 1;
    return leastBusy(this.#all, this.#turn % Math.max(1, this.#all.size), asked);
  }

  /** Sends the frame to a second member when the first has not replied for a while. The first reply counts. */
  #hedged(first: FleetTry<unknown>, packed: unknown, asked: Set<Member>, signal: AbortSignal): Promise<unknown> {
    const { clock, hedgeAfterMs } = this.#settings;
    return new Promise((resolve, reject) => {
      const tries = [first];
      let failed = 0;
      const watch = (one: FleetTry<unknown>) => {
        one.reply.then(
          (reply) => {
            clock.clearTimeout(timer);
            for (const other of tries) if (other !== one) other.abandon();
            resolve(reply);
          },
          (error: unknown) => {
            failed += 1;
            if (failed < tries.length) return;
            clock.clearTimeout(timer);
            // The try was rejected with this error.
            // oxlint-disable-next-line typescript/prefer-promise-reject-errors
            reject(error);
          },
        );
      };
      const timer = clock.setTimeout(() => {
        const member = this.#gate.open ? this.#leastBusy(asked) : undefined;
        if (member === undefined) return;
        // There is room, so it is taken at once.
        void this.#gate.enter();
        asked.add(member);
        this.#tries.retries += 1;
        const second = member.send(packed, signal);
        tries.push(second);
        watch(second);
      }, hedgeAfterMs);
      watch(first);
    });
  }

  // Members.

  #start(): void {
    this.#started = true;
    this.#gate.start();
    const names: NamedTarget[] = [];
    for (const target of this.#settings.targets) {
      this.#members.set(target, new Map());
      if ("name" in target) names.push(target);
      else this.#reconcile(target, [target.address], undefined);
    }
    if (names.length > 0) void this.#resolveAll(names);
  }

  async #resolveAll(names: readonly NamedTarget[]): Promise<void> {
    const { clock, resolveEveryMs } = this.#settings;
    await Promise.all(names.map((target) => this.#resolve(target)));
    if (this.#closing !== undefined) return;
    this.#resolveTimer = clock.setTimeout(() => void this.#resolveAll(names), resolveEveryMs);
  }

  async #resolve(target: NamedTarget): Promise<void> {
    const { name, port } = target;
    this.#resolving += 1;
    let addresses: readonly string[] = [];
    try {
      addresses = chosen(await this.#settings.resolve(name));
      if (addresses.length === 0) throw new Error("it has no address");
    } catch (cause) {
      const error = fleetError("no-workers", `cannot look up ${name}: ${describe(cause)}`, cause);
      this.#gate.lastError = error;
      this.#emit({ type: "resolve-failed", address: `${name}:${port}`, error });
    }
    this.#resolving -= 1;
    if (this.#closing !== undefined) return;
    // Without an answer, the last one counts.
    if (addresses.length > 0)
      this.#reconcile(
        target,
        addresses.map((hostname) => ({ hostname, port })),
        name,
      );
    this.onCapacity();
  }

  #reconcile(target: Target, addresses: readonly Address[], name: string | undefined): void {
    const members = this.#members.get(target) as Map<string, Member[]>;
    const wanted = new Map(addresses.map((address) => [addressText(address), address]));
    for (const [text, gone] of members) {
      if (wanted.has(text)) continue;
      members.delete(text);
      for (const member of gone) member.leave();
    }
    for (const [text, address] of wanted) {
      if (members.has(text)) continue;
      const { connections } = this.#settings;
      const added = Array.from({ length: connections }, () => this.#member(text, address, name));
      members.set(text, added);
      for (const member of added) {
        this.#all.add(member);
        member.start();
      }
    }
  }

  #member(text: string, address: Address, name: string | undefined): Member {
    const { connections, maxInFlight } = this.#settings;
    const { isFault, isGoodbye, isProof, isStray, probe } = this.#protocol;
    return new Member(
      (options) => this.#connect(address, name, options),
      {
        ...this.#settings,
        address: name === undefined ? text : `${name} (${text})`,
        maxInFlight: Math.max(1, Math.ceil(maxInFlight / connections)),
        probe,
        isFault,
        isGoodbye,
        isProof,
        isStray,
        deadlines: this.#deadlines,
      },
      this,
    );
  }

  async #connect(
    address: Address,
    name: string | undefined,
    options: { readonly signal: AbortSignal; readonly isPush: (frame: unknown) => boolean },
  ): Promise<MemberClient> {
    const { clock, connectTimeoutMs, establish, tls = false, transport } = this.#settings;
    const all: ClientOptions<unknown, unknown> & { establish: readonly EstablishStep[] } = {
      ...address,
      ...options,
      codec: this.#protocol.codec,
      establish,
      clock,
      connectTimeoutMs,
      establishTimeoutMs: connectTimeoutMs,
      idleTimeoutMs: Infinity,
      ...(this.#protocol.probe !== undefined && { heartbeat: { ...this.#heartbeat(), frame: this.#protocol.probe } }),
      maxPendingRequests: Infinity,
      maxConsecutiveTimeouts: Infinity,
      // The fleet reports losses.
      observer: () => undefined,
    };
    if (transport !== undefined && tls === false) return connectOver(transport, all);
    // Loaded only here: it has the transport of the runtime, and TLS.
    const { connect } = await import("../../mod.ts");
    if (tls === false) return connect(all);
    return connect({ ...all, tls: { ...(name !== undefined && { serverName: name }), ...(tls === true ? {} : tls) } });
  }

  /** Finds out about a connection that is dead, while nobody uses it. A worker may be busy for other servers. */
  #heartbeat(): { readonly everyMs: number; readonly timeoutMs: number } {
    const { tryTimeoutMs } = this.#settings;
    return {
      everyMs: BEAT_MS,
      timeoutMs: Math.max(BEAT_MS, tryTimeoutMs === Infinity ? LONGEST_BEAT_MS : tryTimeoutMs),
    };
  }

  #emit(event: FleetEvent): void {
    if (this.#closing === undefined) this.#log.emit(event);
  }
}

function closedError(): FleetError {
  return fleetError("fleet-closed", "the fleet is closed");
}
