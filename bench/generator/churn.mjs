// @ts-check
import { connect } from "./connect.mjs";
import { pattern } from "./pattern.mjs";
import { Stopwatch } from "./stopwatch.mjs";

/**
 * Opens connections that live for one line, `atOnce` at a time, until there were `connections`.
 *
 * @param {import("../load_generator.mjs").Visits & { port: number }} visits
 */
export async function churn({ port, connections, atOnce, lineBytes, tls }) {
  const patterns = Array.from({ length: atOnce }, (_, index) =>
    pattern(index, { connections: atOnce, depth: 1, lineBytes }),
  );
  let left = connections;
  const visitAll = async (/** @type {Uint8Array[]} */ lines) => {
    while (left > 0) {
      left -= 1;
      await visit(port, lines.slice(left % lines.length), tls);
    }
  };
  const stopwatch = new Stopwatch();
  let took = { seconds: 0, busy: 0 };
  try {
    await Promise.all(patterns.map(visitAll));
  } finally {
    // After a failure, the others stop too.
    left = 0;
    took = stopwatch.end();
  }
  return took;
}

/**
 * One line there and back, then FIN there and back.
 *
 * @param {number} port
 * @param {Uint8Array[]} lines of which the first is sent
 * @param {boolean} [tls]
 * @returns {Promise<void>}
 */
async function visit(port, lines, tls) {
  const { promise, resolve, reject } = Promise.withResolvers();
  /** @type {import("./exchange.mjs").ExchangeEvents} */
  const events = {
    onReplied: ({ socket }) => socket.shutdown(),
    onFault: (fault) => reject(new Error(fault)),
    onEnd(error) {
      if (error === undefined && exchange.batches === 1) resolve(undefined);
      else reject(error ?? new Error("the server closed a connection"));
    },
  };
  const exchange = await connect(port, lines, events, tls);
  exchange.send();
  await promise;
}
