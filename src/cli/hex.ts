import type { Bytes } from "../mod.ts";

/** Returns bytes as two hexadecimal digits each. */
export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Parses bytes of two hexadecimal digits each; blanks may stand anywhere between bytes. Returns `undefined` for anything else. */
export function parseHex(text: string): Bytes | undefined {
  if (!/^(?:\s*[\da-fA-F]{2})*\s*$/.test(text)) return undefined;
  const digits = text.replace(/\s+/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}
