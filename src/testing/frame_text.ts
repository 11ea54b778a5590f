import { escapeText } from "../core/mod.ts";

/** The most characters of a frame, and the most bytes, that a trace shows. */
const SHOWN = 60;

/** Returns bytes for one line of a trace: in quotes, escaped, and cut. */
export function shownBytes(bytes: Uint8Array): string {
  const more = bytes.length > SHOWN ? `… (${bytes.length} bytes)` : "";
  try {
    // With `stream`, a character that is cut off at the end is no error.
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return quoted(strict.decode(bytes.subarray(0, SHOWN), { stream: more !== "" })) + more;
  } catch {
    const escaped = Array.from(bytes.subarray(0, SHOWN), (byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`,
    );
    return `"${escaped.join("")}"${more}`;
  }
}

/** Returns a frame for one line of a trace. */
export function shownFrame(frame: unknown): string {
  if (frame instanceof Uint8Array) return shownBytes(frame);
  const text = frameText(frame);
  return escapeText(text, SHOWN);
}

/** Returns a text that is the same for frames with the same value. */
export function frameText(frame: unknown): string {
  if (frame instanceof Uint8Array) return Array.from(frame, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (typeof frame === "string") return JSON.stringify(frame);
  try {
    return JSON.stringify(frame, plain) ?? String(frame);
  } catch {
    // It refers to itself, or a getter of it throws.
    return Object.prototype.toString.call(frame);
  }
}

/** Replaces what JSON has no word for. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array) return frameText(value);
  if (value instanceof Map || value instanceof Set) return [...value];
  return value;
}

function quoted(text: string): string {
  return `"${escapeText(JSON.stringify(text).slice(1, -1), Infinity)}"`;
}
