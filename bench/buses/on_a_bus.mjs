// @ts-check
// A server on a bus, with one member, whose peer reads and drops what it gets.
import { connect } from "node:net";
import { lines, serve } from "spillway";
import { localBus } from "spillway/buses/local";
import { nats } from "spillway/buses/nats";
import { redis } from "spillway/buses/redis";

/** @param {string} broker @param {string} address @returns {Promise<import("./main.mjs").Endpoint>} */
export async function onABus(broker, address) {
  const server = await serve({
    port: 0,
    codec: lines(),
    maxOutboundBytes: Infinity,
    maxOutboundFrames: Infinity,
    onConnect: (session) => {
      session.join("all");
      return "welcome";
    },
    handler: () => undefined,
    bus: busOf(broker, address),
  });
  const peer = connect(server.address.port, "127.0.0.1");
  await new Promise((resolve) => peer.once("data", resolve));
  peer.on("data", () => {});
  while ((await server.bus?.settled()) !== true) await new Promise((resolve) => setTimeout(resolve, 10));
  const group = server.group("elsewhere");
  // Of two processes one only sends: its own member would get everything, too.
  const [session] = server.sessions;
  session?.join("elsewhere");
  await server.bus?.settled();
  return {
    received: () => server.bus?.stats().framesReceived ?? 0,
    send: (frames) => {
      if (group.size > 0) session?.leave("elsewhere");
      for (const frame of frames) group.broadcast(frame);
    },
    flush: async () => void (await server.bus?.settled()),
  };
}

/** @param {string} broker @param {string} address */
function busOf(broker, address) {
  if (broker === "redis") return redis({ url: address });
  return broker === "nats" ? nats({ servers: address }) : localBus({ path: address });
}
