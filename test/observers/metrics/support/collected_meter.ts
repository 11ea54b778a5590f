import type { OpenTelemetryMeter } from "../../../../src/observers/metrics/mod.ts";

type Callback = Parameters<OpenTelemetryMeter["addBatchObservableCallback"]>[0];

/** An instrument that was created. */
export interface Created {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly unit: string | undefined;
  readonly description: string | undefined;
  readonly bounds: readonly number[] | undefined;
  /** The values of a histogram. */
  readonly recorded: number[];
}

/** A meter that keeps what it gets, and collects when it is told to. */
export class CollectedMeter implements OpenTelemetryMeter {
  readonly created: Created[] = [];
  readonly #callbacks = new Map<Callback, object[]>();

  createHistogram: OpenTelemetryMeter["createHistogram"] = (name, options) => {
    const { recorded } = this.#create(name, "histogram", options);
    return { record: (value) => void recorded.push(value) };
  };

  createObservableCounter: OpenTelemetryMeter["createObservableCounter"] = (name, options) =>
    this.#create(name, "counter", options);

  createObservableGauge: OpenTelemetryMeter["createObservableGauge"] = (name, options) =>
    this.#create(name, "gauge", options);

  addBatchObservableCallback(callback: Callback, observables: object[]): void {
    this.#callbacks.set(callback, observables);
  }

  removeBatchObservableCallback(callback: Callback): void {
    this.#callbacks.delete(callback);
  }

  /** The values that are observed now, by the names of their instruments and their attributes. */
  collect(): Map<string, number> {
    const values = new Map<string, number>();
    for (const [callback, observables] of this.#callbacks) {
      callback({
        observe(observable, value, attributes = {}) {
          if (!observables.includes(observable)) throw new Error("observed what was not announced");
          const labels = Object.entries(attributes).map(([name, label]) => `${name}="${label}"`);
          const { name } = observable as Created;
          const key = labels.length === 0 ? name : `${name}{${labels.join(",")}}`;
          if (values.has(key)) throw new Error(`${key} was observed twice`);
          values.set(key, value);
        },
      });
    }
    return values;
  }

  #create(name: string, kind: Created["kind"], options: Parameters<OpenTelemetryMeter["createHistogram"]>[1]): Created {
    if (this.created.some((one) => one.name === name)) throw new Error(`${name} was created twice`);
    const { unit, description, advice } = options ?? {};
    const created = { name, kind, unit, description, bounds: advice?.explicitBucketBoundaries, recorded: [] };
    this.created.push(created);
    return created;
  }
}
