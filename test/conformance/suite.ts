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

/** What every platform must do: the same tests, whatever carries the bytes. */
export function conformance(platform: Platform): void {
  describe(`on ${platform.name}`, () => {
    stopServersAfterEach();
    connections(platform);
    listening(platform);
    frames(platform);
    codecs(platform);
    handlers(platform);
    errorReports(platform);
    middleware(platform);
    upgrade(platform);
    pushes(platform);
    groups(platform);
    fairness(platform);
    streams(platform);
    lifecycle(platform);
    endings(platform);
    backpressure(platform);
    halfClose(platform);
    deadlines(platform);
    stalls(platform);
    parking(platform);
    draining(platform);
    establish(platform);
    clients(platform);
  });
}
