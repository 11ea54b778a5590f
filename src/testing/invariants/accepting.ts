import type { ServerEvent } from "../../core/mod.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/** Every attempt to connect is accepted, while there is room and accepting is not paused after an error. */
export class Accepting extends Invariant {
  readonly name = "accepting goes on after errors";
  #pausedUntil = 0;

  override onEvent(event: ServerEvent, { now }: Simulation): void {
    if (event.type === "draining" || event.type === "accepting-stopped") this.#pausedUntil = Infinity;
    if (event.type === "accept-error") this.#pausedUntil = now + (event.retryInMs ?? Infinity);
  }

  override onTick({ settled, limits, network, now, accepted, stats }: Simulation): void {
    const { connections, establishing } = stats;
    const full = connections + establishing >= limits.maxConnections || establishing >= limits.maxEstablishing;
    if (!settled || now < this.#pausedUntil || full) return;
    const waiting = network.connections.filter((connection) => !connection.farOver && !accepted.has(connection));
    this.expect(waiting.length === 0, () => `${waiting.length} connections wait to be accepted`);
  }
}
