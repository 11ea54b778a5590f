import type { Session } from "../../src/core/mod.ts";
import { Invariant, type Simulation } from "../../src/testing/simulation.ts";
import type { Kept } from "./service.ts";

/** `flushed()` says true when all that was sent before has been written, and false when the connection was over first. */
export class Flushes extends Invariant {
  readonly name = "flushed() says what was written";
  #waiting = 0;

  /** Waits for what is sent so far. */
  watch(session: Session<string, Kept>, world: Simulation): void {
    // With more than one at once, replies that were given may wait for earlier ones; and a goodbye is given before it is sent.
    const inOrder = world.limits.concurrency === 1 && !world.draining;
    const given = inOrder ? session.state.given : undefined;
    this.#waiting += 1;
    void session.flushed().then((written) => {
      this.#waiting -= 1;
      const { link, closed } = world.modelOf(session.connection);
      try {
        const enough = given === undefined || link.back.written >= given;
        this.expect(
          !written || enough,
          () => `connection ${session.connection.id} has written ${link.back.written} of ${given}`,
        );
        this.expect(
          // Frames that were received before a reset may still be handled.
          written || closed !== undefined || link.back.broken,
          () => `connection ${session.connection.id} is open, and says false`,
        );
      } catch (error) {
        world.fail(error);
      }
    });
  }

  override onFinished(): void {
    this.expect(this.#waiting === 0, () => `${this.#waiting} still wait`);
  }
}
