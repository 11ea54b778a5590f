import process from "node:process";
import { describe } from "vitest";
import { backpressure } from "./backpressure.ts";
import { clients } from "./client.ts";
import { codecs } from "./codecs.ts";
import { connections } from "./connections.ts";
import { deadlines } from "./deadlines.ts";
import { draining } from "./draining.ts";
import { endings } from "./endings.ts";
import { errorReports } from "./error_reports.ts";
import { establish } from "./establish.ts";
import { fairness } from "./fairness.ts";
import { frames } from "./frames.ts";
import { groups } from "./groups.ts";
import { halfClose } from "./half_close.ts";
import { handlers } from "./handlers.ts";
import { lifecycle } from "./lifecycle.ts";
import { listening } from "./listening.ts";
import { middleware } from "./middleware.ts";
import { parking } from "./parking.ts";
import { pushes } from "./pushes.ts";
import { stalls } from "./stalls.ts";
import { streams } from "./streams.ts";
import { type Platform, stopServersAfterEach } from "./support/platform.ts";
import { upgrade } from "./upgrade.ts";

/** The parts that depend on what carries the bytes. */
const OF_TRANSPORTS = [connections, listening, frames, pushes, endings, backpressure, halfClose, draining, establish];

const OF_THE_CORE = [codecs, handlers, errorReports, middleware, upgrade, groups, fairness, streams, lifecycle];
/** The tests that take time. */
const OF_TIME = [deadlines, stalls, parking, clients];

/** The contract of every platform: the same tests, whatever carries the bytes. */
export function conformance(
  platform: Platform,
  parts: readonly Part[] = [...OF_TRANSPORTS, ...OF_THE_CORE, ...OF_TIME],
): void {
  describe(`on ${platform.name}`, () => {
    stopServersAfterEach();
    for (const part of parts) part(platform);
  });
}

type Part = (platform: Platform) => void;

/**
 * The same for a platform over another one that runs all of it: what does not depend on the carrier is left out, unless
 * SPILLWAY_CONFORMANCE=all asks for it.
 */
export function carrierConformance(platform: Platform): void {
  if (process.env["SPILLWAY_CONFORMANCE"] === "all") conformance(platform);
  else conformance(platform, OF_TRANSPORTS);
}
