import type { ServedModel } from "../../src/testing/served_model.ts";
import { Invariant, type Simulation } from "../../src/testing/simulation.ts";
import type { Kept } from "./service.ts";

/** Timers count whole milliseconds. */
const TOLERANCE_MS = 1;

/** A connection that has said nothing when the time for authentication is up is ended. The reason shows that this is not early. */
export class AuthenticationDeadline extends Invariant {
  readonly name = "the authentication deadline fires in time";
  readonly #kept: ReadonlyMap<number, Kept>;
  readonly #timeoutMs: number | undefined;

  /** `timeoutMs` is `undefined` where nobody authenticates. */
  constructor(kept: ReadonlyMap<number, Kept>, timeoutMs: number | undefined) {
    super();
    this.#kept = kept;
    this.#timeoutMs = timeoutMs;
  }

  override onSettled({ info, live, finAt, blockedSince, working, openedAt }: ServedModel, world: Simulation): void {
    const { now, settled } = world;
    if (this.#timeoutMs === undefined || this.#kept.get(info.id)?.handled.length !== 0) return;
    // The last message waits for the output before it.
    if (!settled || !live || finAt < Infinity || blockedSince < Infinity || working.length > 0) return;
    const late = now - openedAt - this.#timeoutMs;
    this.expect(late <= TOLERANCE_MS, () => `connection ${info.id}: it passed ${late} ms ago`);
  }
}
