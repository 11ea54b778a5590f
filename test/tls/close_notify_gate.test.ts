import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CloseNotifyGate } from "../../src/tls/close_notify_gate.ts";
import { TrafficKey } from "../../src/tls/traffic_key.ts";

const hex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));

/** The client of RFC 8448, section 3: its secret, the key and IV that follow from it, and its alert, the second record. */
const SECRET = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
const KEY = hex("17422dda596ed5d9acd890e3c63f5051");
const IV = hex("5b78923dee08579033e523d9");
const ALERT = hex("1703030013 c9872760655666b74d7ff1153efd6db6d0b0e3");

const LOG = Buffer.from(`CLIENT_TRAFFIC_SECRET_0 ${"00".repeat(32)} ${SECRET}\n`);
/** Other lines of a key log. */
const OTHERS = [`SERVER_TRAFFIC_SECRET_0 ${"00".repeat(32)} ${"11".repeat(32)}\n`, "CLIENT_RANDOM 00 11\n", "\n"];

/** Returns the record of a content of the client above. */
function sealed(content: Uint8Array, type: number, number: number): Buffer {
  const nonce = Buffer.from(IV);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ number) >>> 0, 8);
  const header = Buffer.from([23, 3, 3, 0, content.length + 17]);
  header.writeUInt16BE(content.length + 17, 3);
  const cipher = createCipheriv("aes-128-gcm", KEY, nonce);
  cipher.setAAD(header);
  const body = Buffer.concat([cipher.update(Buffer.from([...content, type])), cipher.final()]);
  return Buffer.concat([header, body, cipher.getAuthTag()]);
}

/** Returns a record of a handshake, which nobody here can read. */
const opaque = (type: number, length: number): Buffer => Buffer.from([type, 3, 3, 0, length, ...Array(length).fill(7)]);

/** Gives a gate all bytes in pieces, and returns what it has let through. */
function passed(gate: CloseNotifyGate, bytes: Uint8Array, pieces: readonly number[]): Buffer {
  const through: Uint8Array[] = [];
  let at = 0;
  for (const piece of [...pieces, bytes.length]) {
    if (gate.closed) break;
    through.push(gate.take(new Uint8Array(bytes.subarray(at, at + piece))));
    at += piece;
  }
  return Buffer.concat(through);
}

function gateOf(...lines: (string | Uint8Array)[]): CloseNotifyGate {
  const gate = new CloseNotifyGate("client");
  for (const line of lines) gate.learn(typeof line === "string" ? Buffer.from(line) : line);
  return gate;
}

const CLOSE = new Uint8Array([1, 0]);

describe("a traffic key", () => {
  it("opens the alert of RFC 8448, and only as the second record", () => {
    const [key] = TrafficKey.of(hex(SECRET)) as [TrafficKey];
    expect(key.open(ALERT, 1)).toEqual(Buffer.from([1, 0, 21]));
    expect(key.open(ALERT, 0)).toBeUndefined();
    expect(key.open(ALERT, 2 ** 40 + 1)).toBeUndefined();
  });

  it("is none where the secret belongs to no cipher of TLS 1.3", () => {
    expect(TrafficKey.of(new Uint8Array(20))).toEqual([]);
    expect(TrafficKey.of(new Uint8Array(48))).toHaveLength(1);
  });
});

describe("a gate for close_notify", () => {
  it("keeps it, and lets everything else through, in any pieces and behind any handshake of up to 16 records", () => {
    const data = fc.uint8Array({ minLength: 0, maxLength: 40 });
    const handshake = fc.array(fc.integer({ min: 20, max: 90 }), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(handshake, fc.array(data), fc.array(fc.integer({ min: 0, max: 60 })), (lengths, contents, pieces) => {
        const before = [
          opaque(22, 60),
          opaque(20, 1),
          ...lengths.map((length) => opaque(23, length)),
          ...contents.map((content, index) => sealed(content, 23, index)),
        ];
        const gate = gateOf(...OTHERS, LOG);
        const bytes = Buffer.concat([...before, sealed(CLOSE, 21, contents.length)]);
        expect(passed(gate, bytes, pieces)).toEqual(Buffer.concat(before));
        expect(gate.closed).toBe(true);
      }),
    );
  });

  // Sealed by OpenSSL, as the second record under a secret of equal bytes.
  it.each([
    ["TLS_AES_128_GCM_SHA256", 32, "1703030013 4e68cf66886bd770ecefe3653fec429a896c56"],
    ["TLS_AES_256_GCM_SHA384", 48, "1703030013 2e567ef7584597d4e91217c15e539ad4382b2c"],
    ["TLS_CHACHA20_POLY1305_SHA256", 32, "1703030013 de78782d6b8497271d92c0369d76f9f6aa516d"],
  ])("keeps that of %s", (_cipher, secretBytes, record) => {
    const gate = gateOf(`CLIENT_TRAFFIC_SECRET_0 00 ${"2a".repeat(secretBytes)}\n`);
    const before = Buffer.concat([opaque(23, 53), opaque(23, 30)]);
    expect(passed(gate, Buffer.concat([before, hex(record)]), [])).toEqual(before);
    expect(gate.closed).toBe(true);
  });

  it("tells close_notify from two bytes of data, and from other alerts", () => {
    const others = [sealed(CLOSE, 23, 0), sealed(new Uint8Array([1, 90]), 21, 1), sealed(CLOSE, 22, 2)];
    const gate = gateOf(LOG);
    const bytes = Buffer.concat([opaque(23, 53), ...others]);
    expect(passed(gate, bytes, [])).toEqual(bytes);
    expect(gate.closed).toBe(false);
    expect(passed(gate, sealed(CLOSE, 21, 3), [5, 18])).toEqual(Buffer.alloc(0));
    expect(gate.closed).toBe(true);
  });

  it("tries no record any more once one is not to be opened, as after a change of keys", () => {
    const gate = gateOf(LOG);
    const bytes = Buffer.concat([opaque(23, 53), opaque(23, 19), sealed(CLOSE, 21, 1)]);
    expect(passed(gate, bytes, [])).toEqual(bytes);
    expect(gate.closed).toBe(false);
  });

  it("lets everything through of which it has no key", () => {
    const bytes = Buffer.concat([opaque(23, 53), sealed(CLOSE, 21, 0)]);
    expect(passed(gateOf(...OTHERS), bytes, [])).toEqual(bytes);
  });

  it("takes an encrypted alert of TLS 1.2 for close_notify, and one in plain for a part of the handshake", () => {
    const gate = gateOf("CLIENT_RANDOM 00 11\n");
    expect(passed(gate, opaque(21, 2), [])).toEqual(opaque(21, 2));
    expect(gate.closed).toBe(false);
    expect(passed(gate, Buffer.concat([opaque(23, 60), opaque(21, 26)]), [1, 70])).toEqual(opaque(23, 60));
    expect(gate.closed).toBe(true);
  });
});
