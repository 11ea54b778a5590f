import { createCipheriv, getCiphers } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openChaCha20Poly1305 } from "../../src/tls/chacha20_poly1305.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));

/** RFC 8439, section 2.8.2. */
const EXAMPLE = {
  key: hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
  nonce: hex("070000004041424344454647"),
  associated: hex("50515253c0c1c2c3c4c5c6c7"),
  content: hex(`d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6
    3dbea45e8ca9671282fafb69da92728b 1a71de0a9e060b2905d6a5b67ecd3b36
    92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc
    3ff4def08e4b7a9de576d26586cec64b 6116`),
  tag: hex("1ae10b594f09e26a7e902ecbd0600691"),
};
const TEXT =
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";

describe("ChaCha20-Poly1305", () => {
  it("opens the example of RFC 8439", () => {
    expect(Buffer.from(openChaCha20Poly1305(EXAMPLE) as Uint8Array).toString()).toBe(TEXT);
  });

  it.each(["key", "nonce", "associated", "content", "tag"] as const)("opens nothing with another %s", (part) => {
    for (const at of [0, EXAMPLE[part].length - 1]) {
      const other = EXAMPLE[part].slice();
      other[at] = (other[at] as number) ^ 1;
      expect(openChaCha20Poly1305({ ...EXAMPLE, [part]: other })).toBeUndefined();
    }
  });

  it("opens what the runtime has sealed, where it can", () => {
    if (!getCiphers().includes("chacha20-poly1305")) return;
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const any = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes(32), bytes(12), any, any, (key, nonce, associated, content) => {
        const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
        cipher.setAAD(associated, { plaintextLength: content.length });
        const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
        const opened = openChaCha20Poly1305({ key, nonce, associated, content: sealed, tag: cipher.getAuthTag() });
        expect(Buffer.from(opened ?? [])).toEqual(Buffer.from(content));
      }),
    );
  });
});
