// @ts-check
// The packages of the brokers alone: the frames of a turn as one message, counted where they arrive.

const TOPIC = "spillway-bench";
const LINE_FEED = 10;

/** @param {string} broker @param {string} address @returns {Promise<import("./main.mjs").Endpoint>} */
export async function bare(broker, address) {
  return broker === "redis" ? overRedis(address) : overNats(address);
}

/** @param {Uint8Array} message */
function framesIn(message) {
  let count = 1;
  for (let at = message.indexOf(LINE_FEED); at !== -1; at = message.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

/** @param {string} address @returns {Promise<import("./main.mjs").Endpoint>} */
async function overRedis(address) {
  const { createClient } = await import("@redis/client");
  const publisher = createClient({ url: address });
  const subscriber = createClient({ url: address });
  await Promise.all([publisher.connect(), subscriber.connect()]);
  let received = 0;
  const count = (/** @type {Uint8Array} */ message) => {
    received += framesIn(message);
  };
  await subscriber.subscribe(TOPIC, count, true);
  const flush = async () => {
    await publisher.ping();
  };
  return { received: () => received, send: (frames) => void publisher.publish(TOPIC, frames.join("\n")), flush };
}

/** @param {string} address @returns {Promise<import("./main.mjs").Endpoint>} */
async function overNats(address) {
  const { connect } = await import("@nats-io/transport-node");
  const connection = await connect({ servers: address.replace("nats://", ""), noEcho: true });
  let received = 0;
  connection.subscribe(TOPIC, {
    callback: (_, { data }) => {
      received += framesIn(data);
    },
  });
  await connection.flush();
  return {
    received: () => received,
    send: (frames) => connection.publish(TOPIC, frames.join("\n")),
    flush: () => connection.flush(),
  };
}
