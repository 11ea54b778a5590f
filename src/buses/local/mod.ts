/**
 * A bus between the processes of one machine, without a broker: {@link localBus} for each server, and the {@link localBusHub} that they
 * share.
 *
 * @module
 */
export { type LocalBusOptions, localBus } from "./local_bus.ts";
export { type LocalBusHub, type LocalBusHubOptions, localBusHub } from "./local_bus_hub.ts";
