import { Semaphore } from "../handler/semaphore.ts";
import { Groups } from "../session/groups.ts";
import type { SessionSettings } from "../session/session_settings.ts";
import type { DeadlineQueue } from "../time/deadline.ts";
import { EndOfTick } from "../time/end_of_tick.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { ClientSettings } from "./client_settings.ts";
import { withoutFaults } from "./without_faults.ts";

type Settings<In, Out> = SessionSettings<In, Out, undefined>;

/** What the sessions of one client share: they take frames as a server's do, and answer none. */
export function clientSessionSettings<In, Out>(
  { clock, codec, limits, slowConsumer }: ClientSettings<In, Out>,
  deadlines: DeadlineQueue,
  scheduler: Scheduler,
  events: Pick<Settings<In, Out>, "handler" | "observe"> & { readonly asked: Settings<In, Out>["asked"] },
): Settings<In, Out> {
  const { asked, handler, observe } = events;
  return {
    codec: withoutFaults(codec),
    handler,
    hooks: undefined,
    authenticates: false,
    // A bad frame may have been a reply: behind it, nothing would match.
    invalidFrame: "close",
    slowConsumer,
    afterReset: "drop",
    limits,
    clock,
    deadlines,
    semaphore: new Semaphore(limits.maxConcurrentHandlers),
    ...(asked !== undefined && { asked }),
    groups: new Groups(),
    scheduler,
    endOfTick: new EndOfTick(clock, scheduler),
    observe,
  };
}
