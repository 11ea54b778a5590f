// DNS over TCP (RFC 1035, 4.2.2): each message has a length prefix of two bytes. Answers queries for the zone in zone.ts.
//   deno run -A src/main.ts serve ./examples/dns/service.ts --port 5300
//   dig +tcp -p 5300 @127.0.0.1 www.example.test AAAA
import { defineService } from "spillway";
import { lengthPrefixed, mapCodec } from "spillway/codecs";
import type { ServiceSimulation } from "spillway/testing";
import { decodeQuery, type Query } from "./query.ts";
import { encodeReply, Rcode, type Reply } from "./reply.ts";
import { IN, ORIGIN, Type, ZONE } from "./zone.ts";

const STANDARD_QUERY = 0;

export default defineService({
  codec: mapCodec(lengthPrefixed({ width: 2, maxFrameBytes: 65_535 }), { decode: decodeQuery, encode: encodeReply }),
  handler: answer,
  // RFC 7766 recommends some seconds, so that a resolver can send its next query on the same connection.
  idleTimeoutMs: 10_000,
});

/** The frames that the clients of `spillway simulate` send: queries for names in the zone and elsewhere. Whole messages on both sides. */
export const simulate: ServiceSimulation<Uint8Array<ArrayBuffer>> = {
  codec: lengthPrefixed({ width: 2, maxFrameBytes: 65_535 }),
  frames: (random) => {
    const name = random.pick(["example.test", "www.example.test", "nosuch.example.test", "example.org"]);
    const labels = name.split(".").flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
    const header = [random.below(256), random.below(256), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    return Uint8Array.of(...header, ...labels, 0, 0, random.pick([1, 2, 16, 28, 255]), 0, 1);
  },
  check: (query, reply) => {
    if (query[0] !== reply[0] || query[1] !== reply[1]) throw new Error("the reply has the id of another query");
  },
};

function answer(query: Query): Reply | undefined {
  const { response, opcode, question, edns } = query;
  // A response gets no reply: two servers that answered each other's responses would never stop.
  if (response) return undefined;
  if (opcode !== STANDARD_QUERY) return refusal(query, "notImp");
  if (question === undefined) return refusal(query, "formErr");
  if (edns !== undefined && edns.version > 0) return refusal(query, "badVers");
  const { name, type } = question;
  if (question.class !== IN || type === Type.axfr || type === Type.ixfr) return refusal(query, "notImp");
  if (name !== ORIGIN && !name.endsWith(`.${ORIGIN}`)) return refusal(query, "refused");
  const records = ZONE.get(name);
  if (records === undefined) return refusal(query, "nxDomain");
  const answers = records.filter((record) => type === Type.any || record.type === type);
  return { query, rcode: Rcode.noError, answers };
}

function refusal(query: Query, why: keyof typeof Rcode): Reply {
  return { query, rcode: Rcode[why], answers: [] };
}
