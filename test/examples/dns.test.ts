import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Reply } from "../../examples/dns/reply.ts";
import service from "../../examples/dns/service.ts";
import { OutputBuffer } from "../../src/core/output/output_buffer.ts";
import { header, latin1, nameBytes, optBytes, queryBytes, uint16 } from "./support/dns_message.ts";

/** Returns the output for these bytes: replies, each with its length before it. */
function answersTo(bytes: Uint8Array<ArrayBuffer>, chunkBytes = bytes.length): Uint8Array {
  const decoder = service.codec.decoder();
  const output = new OutputBuffer();
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    decoder.push(bytes.slice(at, at + chunkBytes));
    for (let query = decoder.next(); query !== undefined; query = decoder.next()) {
      const reply = service.handler(query, undefined as never) as Reply | undefined;
      if (reply !== undefined) output.frame(service.codec.encoder(), reply);
    }
  }
  const taken: number[] = [];
  while (output.length > 0) taken.push(...output.take());
  return Uint8Array.from(taken);
}

function withLength(message: Uint8Array): number[] {
  return [...uint16(message.length), ...message];
}

/** The reply to one query. */
function replyTo(query: Uint8Array): Uint8Array {
  const answer = answersTo(Uint8Array.from(withLength(query)));
  expect(answer.length).toBe(2 + ((answer[0] as number) << 8) + (answer[1] as number));
  return answer.subarray(2);
}

const [NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED] = [0, 1, 3, 4, 5];

describe("a query is answered", () => {
  it("with the records of its type, for the name as it was sent", () => {
    const start = [0x12, 0x34, 0x85, 0x00, 0, 1, 0, 2, 0, 0, 0, 0];
    const question = [...nameBytes("WWW.example.test"), 0, 1, 0, 1];
    const answer = [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0x01, 0x2c, 0, 4, 192, 0, 2];
    const reply = replyTo(queryBytes("WWW.example.test", 1));
    expect([...reply]).toEqual([...start, ...question, ...answer, 1, ...answer, 2]);
  });

  it.each([
    ["example.test", 28, [0, 16, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ["www.example.test", 28, [0, 16, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x80]],
    ["notes.example.test", 16, [0, 21, 8, ...latin1("one text"), 11, ...latin1("and another")]],
  ])("%s of type %d", (name, type, data) => {
    const reply = replyTo(queryBytes(name, type));
    expect(header(reply)).toMatchObject({ rcode: NOERROR, authoritative: true, counts: [1, 1, 0, 0] });
    expect([...reply].slice(-data.length)).toEqual(data);
  });

  it.each([
    ["a type that the name lacks", queryBytes("notes.example.test", 1), NOERROR, 0],
    ["an unknown type", queryBytes("example.test", 4_711), NOERROR, 0],
    ["any type", queryBytes("example.test", 255), NOERROR, 3],
    ["a name that is not there", queryBytes("nowhere.example.test", 1), NXDOMAIN, 0],
    [
      "a label with a dot in it",
      queryBytes("", 1, { name: [11, ...latin1("www.example"), ...nameBytes("test")] }),
      REFUSED,
      0,
    ],
    ["a label that ends in the zone's", queryBytes("anexample.test", 1), REFUSED, 0],
    ["a name elsewhere", queryBytes("example.org", 1), REFUSED, 0],
    ["the root", queryBytes("", 1), REFUSED, 0],
    ["another class", queryBytes("example.test", 16, { class: 3 }), NOTIMP, 0],
    ["a transfer of the zone", queryBytes("example.test", 252), NOTIMP, 0],
    ["an update", queryBytes("example.test", 6, { flags: 0x2800 }), NOTIMP, 0],
  ])("with the right response code: %s", (_what, query, rcode, answers) => {
    const authoritative = rcode === NOERROR || rcode === NXDOMAIN;
    expect(header(replyTo(query))).toEqual({
      id: 0x1234,
      response: true,
      authoritative,
      rcode,
      counts: [1, answers, 0, 0],
    });
  });

  it("the longest name there is", () => {
    const name = [63, 63, 63, 61].map((length) => "a".repeat(length)).join(".");
    expect(nameBytes(name)).toHaveLength(255);
    expect(header(replyTo(queryBytes(name, 1)))).toMatchObject({ rcode: REFUSED, counts: [1, 0, 0, 0] });
  });
});

describe("EDNS", () => {
  const counts = [1, 0, 0, 1];

  it.each([
    ["plain", optBytes(), optBytes()],
    ["with DNSSEC wanted", optBytes(0, 0x80), optBytes(0, 0x80)],
    ["with a cookie", optBytes(0, 0, [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]), optBytes()],
  ])("%s is answered in kind", (_what, rest, opt) => {
    const reply = replyTo(queryBytes("example.test", 1, { counts, rest }));
    expect(header(reply)).toMatchObject({ rcode: NOERROR, counts: [1, 1, 0, 1] });
    expect([...reply].slice(-11)).toEqual(opt);
  });

  it("of a later version is told that this is 0", () => {
    const reply = replyTo(queryBytes("example.test", 1, { counts, rest: optBytes(1) }));
    expect(header(reply)).toMatchObject({ rcode: 0, authoritative: false, counts: [1, 0, 0, 1] });
    expect([...reply].slice(-6)).toEqual([1, 0, 0, 0, 0, 0]);
  });

  it("beside another additional record", () => {
    const tsig = [...nameBytes("key"), 0, 250, 0, 255, 0, 0, 0, 0, 0, 2, 1, 2];
    const query = queryBytes("example.test", 1, { counts: [1, 0, 0, 2], rest: [...optBytes(), ...tsig] });
    expect(header(replyTo(query))).toMatchObject({ rcode: NOERROR, counts: [1, 1, 0, 1] });
  });
});

describe("a malformed query", () => {
  const counts = [1, 0, 0, 1];

  it.each([
    ["no question", queryBytes("example.test", 1, { counts: [0, 0, 0, 0] })],
    ["two questions", queryBytes("example.test", 1, { counts: [2, 0, 0, 0], rest: [...nameBytes("a"), 0, 1, 0, 1] })],
    ["an answer", queryBytes("example.test", 1, { counts: [1, 1, 0, 0] })],
    ["an authority", queryBytes("example.test", 1, { counts: [1, 0, 1, 0] })],
    ["a pointer to itself", queryBytes("", 1, { name: [0xc0, 0x0c] })],
    ["a pointer behind a label", queryBytes("", 1, { name: [3, ...latin1("www"), 0xc0, 0x00] })],
    ["a label of a reserved kind", queryBytes("", 1, { name: [0x41, 0, 0] })],
    ["a name of 256 bytes", queryBytes([63, 63, 63, 62].map((length) => "a".repeat(length)).join("."), 1)],
    ["a name without an end", queryBytes("", 1, { name: [3, ...latin1("www")] })],
    ["nothing behind the header", queryBytes("example.test", 1).slice(0, 12)],
    ["a question cut short", queryBytes("example.test", 1).slice(0, -1)],
    ["bytes behind the question", queryBytes("example.test", 1, { rest: [0] })],
    ["a record that is not there", queryBytes("example.test", 1, { counts })],
    [
      "65535 records that are not there",
      queryBytes("example.test", 1, { counts: [1, 0, 0, 65_535], rest: optBytes() }),
    ],
    [
      "a record longer than the message",
      queryBytes("example.test", 1, { counts, rest: [...optBytes().slice(0, -2), 0, 9] }),
    ],
    ["two OPT records", queryBytes("example.test", 1, { counts: [1, 0, 0, 2], rest: [...optBytes(), ...optBytes()] })],
    ["an OPT record with a name", queryBytes("example.test", 1, { counts, rest: [1, 97, ...optBytes()] })],
    [
      "an OPT record with a pointer",
      queryBytes("example.test", 1, { counts, rest: [0xc0, 0x0c, ...optBytes().slice(1)] }),
    ],
  ])("with %s is told so, and nothing more", (_what, query) => {
    const reply = replyTo(query);
    expect(reply).toHaveLength(12);
    expect(header(reply)).toMatchObject({ id: 0x1234, rcode: FORMERR, counts: [0, 0, 0, 0] });
  });

  it("without a whole header ends the connection", () => {
    const decoder = service.codec.decoder();
    decoder.push(Uint8Array.from(withLength(queryBytes("example.test", 1).slice(0, 11))));
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "frame-invalid" }) as Error);
  });

  it("of any bytes has a reply with its id, or none at all", () => {
    const messages = fc.oneof(
      fc.uint8Array({ minLength: 12, maxLength: 80 }),
      fc
        .tuple(fc.nat(28), fc.nat(255))
        .map(([at, byte]) =>
          queryBytes("example.test", 1, { counts, rest: optBytes() }).map((old, i) => (i === at ? byte : old)),
        ),
    );
    fc.assert(
      fc.property(messages, (message) => {
        const response = (message[2] as number) >= 0x80;
        const reply = answersTo(Uint8Array.from(withLength(message)));
        if (response) expect(reply).toHaveLength(0);
        else expect([...reply.subarray(2, 4)]).toEqual([...message.subarray(0, 2)]);
      }),
    );
  });
});

it("a response is not answered", () => {
  const query = queryBytes("example.test", 1, { flags: 0x8000 });
  expect(answersTo(Uint8Array.from(withLength(query)))).toHaveLength(0);
});

it.each([1, 2, 3, 7, 1_000])(
  "queries that come together, in pieces of %d bytes, are answered in order",
  (chunkBytes) => {
    const queries = [
      queryBytes("example.test", 1, { id: 1 }),
      queryBytes("nowhere.example.test", 1, { id: 2 }),
      queryBytes("example.test", 1, { id: 3, counts: [9, 0, 0, 0] }),
      queryBytes("notes.example.test", 16, { id: 4 }),
    ];
    const replies = answersTo(Uint8Array.from(queries.flatMap(withLength)), chunkBytes);
    expect([...replies]).toEqual(queries.flatMap((query) => withLength(replyTo(query))));
  },
);
