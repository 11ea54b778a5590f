import type { ServerEvent } from "../../src/core/mod.ts";
import type { ServedModel } from "../../src/testing/served_model.ts";
import { Invariant, type Simulation } from "../../src/testing/simulation.ts";
import type { Client } from "./client.ts";

/** Timers count whole milliseconds. */
const TOLERANCE_MS = 1;

/** A frame that is not whole. */
interface Begun {
  /** Where it begins among all bytes. */
  readonly from: number;
  readonly at: number;
}

/** A frame that was begun must be whole in time. Only the client knows where its frames begin and end. */
export class FrameDeadline extends Invariant {
  readonly name = "the frame deadline fires in time, never early";
  readonly #clients: ReadonlyMap<number, Client>;
  /** When a frame was last skipped. */
  readonly #skipped = new Map<ServedModel, number>();
  readonly #begun = new Map<ServedModel, Begun>();

  constructor(clients: ReadonlyMap<number, Client>) {
    super();
    this.#clients = clients;
  }

  override onEvent(event: ServerEvent, world: Simulation): void {
    if (event.type !== "frame-error") return;
    const model = world.modelOf(event.connection);
    const begun = this.#begun.get(model);
    // The rest of a frame that is skipped has as long again; what begins behind it, in one chunk with its end, shares that.
    if (event.skipped) this.#skipped.set(model, world.now);
    if (event.error.code !== "frame-timeout") return;
    const passedMs = world.now - (this.#skipped.get(model) ?? begun?.at ?? world.now);
    const early = begun !== undefined && passedMs < world.limits.frameTimeoutMs;
    this.expect(!early, () => `connection ${model.info.id}: a frame timed out after ${passedMs} ms`);
  }

  override onSettled(model: ServedModel, world: Simulation): void {
    if (!model.live || model.finAt < Infinity) return;
    const begun = this.#note(model, world);
    const { broken } = model.link.back;
    const busy = world.stats.handlers > 0 || model.blockedSince < Infinity || broken || !world.settled;
    if (begun === undefined || busy) return;
    // While a frame before it was being answered, the wait was ours.
    const since = Math.max(begun.at, this.#skipped.get(model) ?? 0, model.settledAt, model.progressAt, world.crowdedAt);
    const passedMs = world.now - since;
    const late = passedMs > world.limits.frameTimeoutMs + TOLERANCE_MS;
    this.expect(!late, () => `connection ${model.info.id}: a frame was begun ${passedMs} ms ago`);
  }

  #note(model: ServedModel, { now }: Simulation): Begun | undefined {
    const client = this.#clientOf(model);
    const { read } = model.link.forth;
    const from = client?.sent.findLast(({ end }) => end <= read)?.end ?? client?.headBytes ?? 0;
    const before = this.#begun.get(model);
    if (client === undefined || from === read) this.#begun.delete(model);
    else if (before?.from !== from) this.#begun.set(model, { from, at: now });
    return this.#begun.get(model);
  }

  #clientOf({ info }: ServedModel): Client | undefined {
    const { port } = info.remoteAddress;
    for (const client of this.#clients.values()) if (client.port === port) return client;
    return undefined;
  }
}
