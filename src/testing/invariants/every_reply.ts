import { Finding } from "../finding.ts";
import type { GeneratedClient } from "../generated_client.ts";
import type { ServedModel } from "../served_model.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/** A client that has sent whole frames and FIN, on a connection that nothing broke, gets every reply, once. */
export class EveryReply extends Invariant {
  readonly name = "every frame is answered once";
  readonly #clients: ReadonlyMap<number, GeneratedClient>;

  constructor(clients: ReadonlyMap<number, GeneratedClient>) {
    super();
    this.#clients = clients;
  }

  override onEnd(world: Simulation): void {
    for (const client of this.#clients.values()) {
      const { number, foreseen, finished, ended, bad, sent, replies, expected, link } = client;
      if (!foreseen || !finished || !ended || bad || link === undefined) continue;
      const model = [...world.served.values()].find((served) => served.link === link);
      // Unconfirmed: the last bytes may be lost on the way.
      if (model?.closed?.reason !== "remote-closed" || model.closed.unconfirmed === true) continue;
      if (world.tap?.upgraded.has(model.info.id)) continue;
      if (client.strange !== undefined) throw new Finding("reply-differs", client.strange);
      if (replies === expected) continue;
      const counts = `client ${number} sent ${sent.length} frames and FIN, and received ${replies} replies, not ${expected}`;
      if (replies > expected) throw new Finding("reply-twice", `${counts}${handledOf(model)}`);
      throw new Finding("reply-lost", `${counts}${handledOf(model)}`);
    }
  }
}

function handledOf({ info, closed }: ServedModel): string {
  const { framesIn, framesOut } = closed as NonNullable<typeof closed>;
  return `: connection ${info.id} took ${framesIn} frames and sent ${framesOut}`;
}
