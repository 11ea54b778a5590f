import type { ServedModel } from "../../src/testing/served_model.ts";
import { Invariant, type Simulation } from "../../src/testing/simulation.ts";
import type { Client } from "./client.ts";
import { MAX_FRAME_BYTES } from "./framing.ts";
import type { Kept, SimulatedService } from "./service.ts";

const LONGEST_REPLY = 5_100;
/** A chunk that is decoded, one that was read, and one that waits in the connection. */
const CHUNKS_AHEAD = 3;

/** The bytes of a connection that the server holds, in both directions, are bounded, and none while nothing is to be waited for. */
export class Bounds extends Invariant {
  readonly name = "bytes in flight are bounded, and never stuck";
  readonly #clients: ReadonlyMap<number, Client>;
  readonly #service: SimulatedService;

  constructor(clients: ReadonlyMap<number, Client>, service: SimulatedService) {
    super();
    this.#clients = clients;
    this.#service = service;
  }

  override onSettled(model: ServedModel, world: Simulation): void {
    if (!model.live || model.finAt < Infinity) return;
    const kept = this.#service.kept.get(model.info.id);
    const client = this.#clientOf(model);
    if (kept === undefined || client === undefined) return;
    this.#checkInput(model, kept, client, world);
    // Output behind a reset goes nowhere, though received frames may still be handled.
    if (kept.given === undefined || model.link.back.broken) return;
    const waiting = kept.given - model.link.back.written;
    this.#checkOutput(model, waiting, world);
    // A stream may wait.
    if (!world.settled || world.stats.handlers > 0 || model.link.back.blocked) return;
    this.expect(waiting === 0, () => `connection ${model.info.id}: ${waiting} bytes are stuck`);
    this.#checkHandled(model, kept, client);
  }

  #checkInput(
    { info, link, openedAt, working }: ServedModel,
    kept: Kept,
    { requests, headBytes }: Client,
    world: Simulation,
  ): void {
    const { concurrency } = world.limits;
    this.expect(
      working.length <= concurrency,
      () => `connection ${info.id}: ${working.length} frames are handled at once`,
    );
    // A session that is ending reads its input, and drops it.
    const leaving = kept.dismissed || world.draining || world.now - openedAt >= world.limits.lifetimeMs;
    if (working.length < concurrency || leaving) return;
    const { read, maxBytes } = link.forth;
    const ahead = read - (requests[kept.handled.length - 1]?.end ?? headBytes);
    const most = CHUNKS_AHEAD * maxBytes + 3 * MAX_FRAME_BYTES;
    this.expect(ahead <= most, () => `connection ${info.id}: ${ahead} bytes are read ahead`);
  }

  #checkOutput({ info }: ServedModel, waiting: number, { limits }: Simulation): void {
    const most = limits.maxOutboundBytes + (limits.concurrency + 1) * LONGEST_REPLY;
    this.expect(waiting <= most, () => `connection ${info.id}: ${waiting} bytes wait to be sent`);
  }

  /** Nothing is at work and nothing waits: so all that was read was handled. */
  #checkHandled({ info, link }: ServedModel, { handled }: Kept, { requests, sent }: Client): void {
    // The effect of garbage on the rest is up to the policy.
    if (sent.length > requests.length) return;
    const next = requests[handled.length];
    const all = next === undefined || next.end > link.forth.read;
    this.expect(all, () => `connection ${info.id}: ${next?.request?.tag} was read and not handled`);
  }

  #clientOf({ info }: ServedModel): Client | undefined {
    const { port } = info.remoteAddress;
    for (const client of this.#clients.values()) if (client.port === port) return client;
    return undefined;
  }
}
