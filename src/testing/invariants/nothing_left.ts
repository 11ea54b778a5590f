import { Invariant, type Simulation } from "../simulation.ts";

/** After a server has finished, nothing of it is left; after all clients have left, nothing at all is left. */
export class NothingLeft extends Invariant {
  readonly name = "nothing is left behind";

  override onFinished({ server, serverClock, network }: Simulation): void {
    const { connections, establishing, handlers, groups, waitingInboundBytes, waitingOutboundBytes } = server.stats();
    const { pending } = serverClock;
    this.#expectNone({ waitingInboundBytes, waitingOutboundBytes });
    this.#expectNone({ connections, establishing, handlers, groups });
    this.#expectNone({ "timers of the server": pending, listeners: network.listening });
  }

  override onEnd({ clock, network, open }: Simulation): void {
    const { length } = network.connections;
    this.#expectNone({ open: open.size, timers: clock.pending, network: length, "under way": network.pending });
  }

  #expectNone(counts: Readonly<Record<string, number>>): void {
    for (const [what, count] of Object.entries(counts)) this.expect(count === 0, () => `${what}: ${count}`);
  }
}
