import { Pledge } from "../pledge.ts";
import type { Simulation } from "../simulation.ts";

/** When a server has finished and everybody has left, nothing of it is left. */
export class NothingLeft extends Pledge {
  readonly name = "nothing is left behind";

  override onEnd({ clock, network, server, open }: Simulation): void {
    const { connections, handlers, groups } = server.stats();
    const left = {
      connections,
      handlers,
      groups,
      open: open.size,
      timers: clock.pending,
      listeners: network.listening,
      network: network.connections.length,
      "under way": network.pending,
    };
    for (const [what, count] of Object.entries(left)) this.expect(count === 0, () => `${what}: ${count}`);
  }
}
