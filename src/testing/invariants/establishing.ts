import type { ServerEvent } from "../../core/mod.ts";
import { Invariant, type Simulation } from "../simulation.ts";
import type { TakenConnection } from "../taken_connection.ts";

/** Timers count whole milliseconds. */
const TOLERANCE_MS = 1;

/** A connection gets a session or is refused, within its time. So many are in their steps as there may be, and none in a drain. */
export class Establishing extends Invariant {
  readonly name = "connections are established in time, within bounds";
  #drains = false;
  readonly #refused: TakenConnection[] = [];

  override onEvent(event: ServerEvent, world: Simulation): void {
    if (event.type === "draining") this.#drains = true;
    if (event.type !== "establish-failed") return;
    const { error, durationMs, connection } = event;
    const taken = world.taken.get(connection.id) as TakenConnection;
    this.#refused.push(taken);
    const passedMs = world.now - taken.takenAt;
    this.expect(durationMs === passedMs, () => `connection ${taken.id} took ${passedMs} ms, and says ${durationMs}`);
    const { establishTimeoutMs } = world.limits;
    const early = error.code === "establish-timeout" && passedMs < establishTimeoutMs;
    this.expect(!early, () => `connection ${taken.id} was refused after ${passedMs} ms, of ${establishTimeoutMs}`);
    this.expect(error.code !== "drained" || world.draining, () => `connection ${taken.id} was drained too early`);
  }

  override onTick(world: Simulation): void {
    const { stats, limits, waitsForRoom, undecided, settled } = world;
    const { establishing, connections } = stats;
    const { maxEstablishing, maxConnections } = limits;
    this.expect(establishing === undecided.size, () => `${establishing} in their steps, not ${undecided.size}`);
    this.expect(establishing <= maxEstablishing, () => `${establishing} in their steps, of ${maxEstablishing}`);
    const all = connections + establishing;
    this.expect(!waitsForRoom || all <= maxConnections, () => `${all} connections, of ${maxConnections}`);
    this.expect(!this.#drains || establishing === 0, () => `${establishing} in their steps, and it drains`);
    if (settled) for (const taken of undecided) this.#checkLate(taken, world);
    for (const { id, link } of this.#refused.splice(0))
      this.expect(link.farOver, () => `connection ${id} was refused, and is still there`);
  }

  #checkLate({ id, takenAt }: TakenConnection, { now, limits }: Simulation): void {
    const late = now - takenAt - limits.establishTimeoutMs;
    this.expect(late <= TOLERANCE_MS, () => `the establish deadline of connection ${id} passed ${late} ms ago`);
  }
}
