import type { ServedModel } from "../served_model.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/** Nothing is sent after FIN, and nothing moves after the end was reported. */
export class Silence extends Invariant {
  readonly name = "nothing is sent after the end";
  readonly #atFin = new Map<ServedModel, number>();

  override onSettled(model: ServedModel): void {
    if (model.finAt === Infinity) return;
    const { written } = model.link.back;
    const before = this.#atFin.get(model) ?? written;
    this.#atFin.set(model, before);
    this.expect(written === before, () => `connection ${model.info.id} sent ${written - before} bytes behind FIN`);
  }

  override onEnd({ served }: Simulation): void {
    for (const [id, { closed, finAt, link }] of served) {
      const after = finAt < Infinity && closed !== undefined && closed.bytesOut > link.back.written;
      this.expect(!after, () => `connection ${id} counts bytes that were never sent`);
    }
  }
}
