/**
 * A transport in memory and a clock that a test moves, which run everything that a server does without a network and without
 * waiting. Also a simulated network, as bad as real ones, on which {@link simulate} runs a service.
 *
 * @module
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway/core";
 * import { manualClock, memoryTransport } from "spillway/testing";
 *
 * const clock = manualClock();
 * const transport = memoryTransport();
 * const server = await serve(transport, { port: 0, codec: lines(), handler: (line) => line.toUpperCase(), clock });
 *
 * const connection = await transport.connect(server.address);
 * const writer = connection.writable.getWriter();
 * const reader = connection.readable.getReader();
 * await writer.write(new TextEncoder().encode("hello\n"));
 * const { value } = await reader.read();
 * console.log(new TextDecoder().decode(value)); // HELLO
 *
 * await clock.advance(300_000); // five idle minutes later
 * console.log((await reader.read()).done); // true
 * await writer.close();
 * await server.shutdown();
 * ```
 */

export { BrokenInvariant } from "./broken_invariant.ts";
export type { FindingKind } from "./finding.ts";
export { FINDINGS, Finding } from "./finding.ts";
export { checkGrowth, type Growth, type Heap } from "./growth.ts";
export type { LinkConditions } from "./link_conditions.ts";
export { type ManualClock, manualClock } from "./manual_clock.ts";
export { type MemoryBus, type MemoryBusMessage, type MemoryBusOptions, memoryBus } from "./memory_bus.ts";
export { type MemoryTransport, type MemoryTransportOptions, memoryTransport } from "./memory_transport.ts";
export type { Stage, UncaughtErrorSource, UncaughtEvent } from "./play.ts";
export { type Random, seededRandom } from "./random.ts";
export { type SimulateOptions, type SimulationResult, simulate } from "./simulate.ts";
export type { SimulatedClient } from "./simulated_client.ts";
export type { LinkState, SimulatedConnection } from "./simulated_connection.ts";
export { type SimulatedNetwork, type SimulatedNetworkOptions, simulatedNetwork } from "./simulated_network.ts";
export { SimulatedProcess } from "./simulated_process.ts";
export { SimulationFailure } from "./simulation_failure.ts";
export { type ServiceSimulation, type SimulatedParts, Traffic, type TrafficOptions, traffic } from "./traffic.ts";
