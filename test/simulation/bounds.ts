import { Pledge } from "../../src/testing/pledge.ts";
import type { ServedModel } from "../../src/testing/served_model.ts";
import type { Simulation } from "../../src/testing/simulation.ts";
import type { Client } from "./client.ts";
import { MAX_FRAME_BYTES } from "./framing.ts";
import type { SimulatedService } from "./service.ts";

const LONGEST_REPLY = 5_100;
/** A chunk that is decoded, one that was read, and one that waits in the connection. */
const CHUNKS_AHEAD = 3;

/** What the server holds of a connection, in both directions, is bounded; and while nothing is to be waited for, it holds nothing. */
export class Bounds extends Pledge {
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
    const { limits } = world;
    const { written, finished } = model.link.back;
    const { read, maxBytes } = model.link.forth;
    const requests = client.sent.filter(({ request }) => request !== undefined);
    const handledEnd = requests[kept.handled.length - 1]?.end ?? 0;
    const mostAhead = CHUNKS_AHEAD * maxBytes + 3 * MAX_FRAME_BYTES;
    const blocked = model.working.length >= (limits.concurrency ?? 1);
    if (blocked) {
      this.expect(
        read - handledEnd <= mostAhead,
        () => `connection ${model.info.id}: ${read - handledEnd} bytes are read ahead`,
      );
    }
    if (kept.given === undefined) return;
    const waiting = kept.given - written;
    const mostWaiting = (limits.maxOutboundBytes ?? 0) + ((limits.concurrency ?? 1) + 1) * LONGEST_REPLY;
    this.expect(waiting <= mostWaiting, () => `connection ${model.info.id}: ${waiting} bytes wait to be sent`);
    if (finished || world.clock.next <= world.now || world.stats.handlers > 0 || model.link.back.blocked) return;
    this.expect(waiting === 0, () => `connection ${model.info.id}: ${waiting} bytes are stuck`);
    const complete = requests.filter(({ end }) => end <= read).length;
    const clean = client.sent.length === requests.length;
    this.expect(
      !clean || kept.handled.length >= complete,
      () => `connection ${model.info.id}: ${complete} requests were read, ${kept.handled.length} handled`,
    );
  }

  #clientOf({ info }: ServedModel): Client | undefined {
    const { port } = info.remoteAddress;
    for (const client of this.#clients.values()) if (client.port === port) return client;
    return undefined;
  }
}
