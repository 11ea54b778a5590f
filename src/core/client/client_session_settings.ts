import type { Codec } from "../codecs/codec.ts";
import { Semaphore } from "../handler/semaphore.ts";
import { Groups } from "../session/groups.ts";
import type { SessionSettings } from "../session/session_settings.ts";
import type { DeadlineQueue } from "../time/deadline.ts";
import { EndOfTick } from "../time/end_of_tick.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { ClientSettings } from "./client_settings.ts";

type Settings<In, Out> = SessionSettings<In, Out, undefined>;

/** Returns the settings that the sessions of one client share. They take frames as a server's do, and answer none. */
export function clientSessionSettings<In, Out>(
  { clock, codec, limits, slowConsumer }: ClientSettings<In, Out>,
  deadlines: DeadlineQueue,
  scheduler: Scheduler,
  client: Required<Pick<Settings<In, Out>, "asked" | "handler" | "observe">>,
): Settings<In, Out> {
  return {
    ...client,
    codec: withoutFaults(codec),
    hooks: undefined,
    authenticates: false,
    // A bad frame may have been a reply: no later reply could be matched.
    invalidFrame: "close",
    slowConsumer,
    afterReset: "drop",
    limits,
    clock,
    deadlines,
    semaphore: new Semaphore(limits.maxConcurrentHandlers),
    groups: new Groups(),
    scheduler,
    endOfTick: new EndOfTick(clock, scheduler),
  };
}

/** Returns the codec without its fault frames: a server would take one for a request. */
function withoutFaults<In, Out>(codec: Codec<In, Out>): Codec<In, Out> {
  return {
    decoder: () => codec.decoder(),
    encoder: () => {
      const encoder = codec.encoder();
      return { encode: (frame, output) => encoder.encode(frame, output) };
    },
  };
}
