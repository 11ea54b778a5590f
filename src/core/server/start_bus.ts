import type { BusContext } from "../bus/bus.ts";
import { BusEndpoint } from "../bus/bus_endpoint.ts";
import { resolveBus } from "../bus/bus_options.ts";
import type { Groups } from "../session/groups.ts";
import type { ServerEvent } from "../session/observer.ts";
import type { SessionSettings } from "../session/session_settings.ts";
import type { ServeOptions } from "./service.ts";

/** Puts the groups of a server on the bus of its options, if there is one. */
export function startBus<In, Out, State>(
  transport: BusContext["transport"],
  { bus, onGap, random }: Pick<ServeOptions<In, Out, State>, "bus" | "onGap" | "random">,
  { clock, scheduler }: Pick<SessionSettings<In, Out, State>, "clock" | "scheduler">,
  groups: Groups,
  observe: (event: ServerEvent) => void,
): void {
  if (bus === undefined) return;
  groups.bus = new BusEndpoint(resolveBus(bus), {
    clock,
    scheduler,
    transport,
    random,
    onGap,
    observe,
    size: (to, name) => groups.membersOf(to, name).size,
    deliver: (to, name, frame, except) => groups.deliverHere(to, name, frame, except),
  });
  groups.bus.start();
}
