// DNS over TCP (RFC 1035, 4.2.2): each message has a length prefix of two bytes. Answers queries for the zone in zone.ts.
//   deno run -A src/main.ts serve ./examples/dns/service.ts --port 5300
//   dig +tcp -p 5300 @127.0.0.1 www.example.test AAAA
import { defineService } from "spillway";
import { lengthPrefixed, mapCodec } from "spillway/codecs";
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
