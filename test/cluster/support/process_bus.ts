import type { Bus, Clock } from "../../../src/core/mod.ts";
import type { SimulatedProcess } from "../../../src/testing/mod.ts";

/**
 * Returns a broker as one process uses it. The broker and its wires run on `clock` and go on while the process stalls; what they
 * have for the process waits. When the process is killed, its connections to the broker end.
 */
export function processBus(bus: Bus, clock: Clock, process: SimulatedProcess): Bus {
  const received = <Value>(promise: Promise<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      promise.then(
        (value) => process.receive(() => resolve(value)),
        (error: Error) => process.receive(() => reject(error)),
      );
    });
  return {
    name: bus.name,
    connect: (context) => {
      const made = bus.connect({
        ...context,
        clock,
        onMessage: (topic, bytes) => process.receive(() => context.onMessage(topic, bytes)),
        onClosed: (error) => process.receive(() => context.onClosed(error)),
      });
      process.onKill(() => {
        made.then(
          (connection) => connection.close(),
          () => undefined,
        );
      });
      return received(
        made.then((connection) => ({
          maxPayloadBytes: connection.maxPayloadBytes,
          publish: (topic, bytes) => connection.publish(topic, bytes),
          subscribe: (topics) => received(connection.subscribe(topics)),
          unsubscribe: (topics) => connection.unsubscribe(topics),
          flush: () => received(connection.flush()),
          close: () => connection.close(),
        })),
      );
    },
  };
}
