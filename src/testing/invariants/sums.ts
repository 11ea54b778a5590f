import { Invariant, type Simulation } from "../simulation.ts";

const CARRIED = ["bytesIn", "bytesOut", "framesIn", "framesOut", "framesDropped", "bytesDiscarded"] as const;

/** The server's counts, the sums of its events and the counts of the network agree. */
export class Sums extends Invariant {
  readonly name = "counts add up";

  override onTick({ stats, open, served, taken }: Simulation): void {
    const { connections, accepted, refused, establishing, establishFailed } = stats;
    const all = accepted + refused + establishing + establishFailed;
    this.expect(all === taken.size, () => `${all} connections, but ${taken.size} were taken`);
    this.expect(accepted + refused === served.size, () => `${accepted} + ${refused} were accepted, not ${served.size}`);
    this.expect(connections <= served.size && connections >= 0, () => `${connections} connections, of ${open.size}`);
  }

  override onEnd({ server, served }: Simulation): void {
    const stats = server.stats();
    for (const name of CARRIED) {
      let sum = 0;
      for (const { closed } of served.values()) sum += closed?.[name] ?? 0;
      this.expect(
        sum === (stats[name] ?? 0),
        () => `${name}: the connections carried ${sum}, the server counts ${stats[name]}`,
      );
    }
    for (const [id, { closed, finAt, link }] of served) {
      if (closed === undefined) continue;
      const { bytesIn, bytesOut } = closed;
      this.expect(
        bytesIn <= link.forth.read,
        () => `connection ${id} took ${link.forth.read} bytes, and says ${bytesIn}`,
      );
      const { written } = link.back;
      // After FIN no bytes are under way.
      const right = finAt < Infinity ? bytesOut === written : bytesOut <= written;
      this.expect(right, () => `connection ${id} sent ${written} bytes, and says ${bytesOut}`);
    }
  }
}
