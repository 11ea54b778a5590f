import type { Logger } from "@logtape/logtape";
import { addressText } from "../core/mod.ts";
import type { Address } from "../mod.ts";
import { firstLine } from "./failure.ts";
import type { Stdio } from "./stdio.ts";
import { isClosed } from "./write_out.ts";

/**
 * Writes that line, and never waits for a reader. The server works without it; but whoever waits for it needs to know, unless
 * nobody reads any more.
 */
export function sayReady(stdio: Pick<Stdio, "lines">, line: string, logger: Logger): void {
  stdio.lines(line, (error) => {
    if (error === undefined || error === null || isClosed(error)) return;
    logger.warning("{error}", { event: "stdout-failed", error: `cannot write to stdout: ${firstLine(error)}` });
  });
}

/** Returns the line on stdout that says where the server listens. `speaksTls` gets the number of an address. */
export function readyLine(
  addresses: readonly Address[],
  speaksTls: (index: number) => boolean,
  transport: string,
): string {
  const places = addresses.map((address, index) => placeText(address, speaksTls(index), addresses.length === 1));
  return `spillway listening on ${places.join(", ")} (${transport})\n`;
}

/** Returns a place in the form of `--listen`. A plain TCP address may stand alone. */
export function placeText(address: Address, tls: boolean, alone: boolean): string {
  const text = addressText(address);
  if (address.path !== undefined) return tls ? `tls+${text}` : text;
  if (tls) return `tls://${text}`;
  return alone ? text : `tcp://${text}`;
}
