import type { TestContext } from "vitest";
import type { BusGap, Clock, ServeOptions, Server, ServerEvent } from "../../../src/mod.ts";
import { connect, lines, serve } from "../../../src/mod.ts";

/** A server on a real broker, with its events and what its one member has got. */
export interface OnABroker {
  readonly server: Server<string, string>;
  readonly events: ServerEvent[];
  readonly received: string[];
  readonly gaps: () => BusGap[];
  /** Fulfils when the condition holds, which is looked at after each event and each line. */
  until(condition: () => boolean): Promise<void>;
}

/** Serves on a bus, with one member of the group "all", and waits until it is up, unless `waits` is false. */
export async function onABroker(
  context: TestContext,
  bus: NonNullable<ServeOptions["bus"]>,
  { clock, waits = true }: { readonly clock?: Clock; readonly waits?: boolean } = {},
): Promise<OnABroker> {
  const events: ServerEvent[] = [];
  const received: string[] = [];
  const waiting = new Set<() => void>();
  const look = () => {
    for (const one of waiting) one();
  };
  const server = await serve<string, string>({
    port: 0,
    codec: lines({ maxFrameBytes: 2_097_152 }),
    maxOutboundBytes: 67_108_864,
    maxOutboundFrames: 1_000_000,
    onConnect: (session) => {
      session.join("all");
      return "welcome";
    },
    handler: (line) => line,
    bus,
    ...(clock !== undefined && { clock }),
    observer: (event) => {
      events.push(event);
      queueMicrotask(look);
    },
  });
  const client = await connect({
    ...server.address,
    codec: lines({ maxFrameBytes: 2_097_152 }),
    isPush: () => true,
    idleTimeoutMs: Infinity,
  });
  const reading = (async () => {
    for await (const line of client) {
      received.push(line);
      look();
    }
  })();
  context.onTestFinished(async () => {
    await client.close();
    await reading;
    await server.shutdown({ timeoutMs: 1_000 });
  });
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`it did not happen; events: ${events.map(({ type }) => type).join(", ")}`));
      const check = () => {
        if (!condition()) return;
        waiting.delete(check);
        context.signal.removeEventListener("abort", late);
        resolve();
      };
      waiting.add(check);
      context.signal.addEventListener("abort", late);
      check();
    });
  const gaps = () =>
    events
      .filter((event) => event.type === "bus-gap")
      .map(({ origin, missed, why }): BusGap => ({ origin, missed, why }));
  const one = { server, events, received, gaps, until };
  await until(() => received.length > 0);
  received.length = 0;
  if (waits) {
    await until(() => server.bus?.up === true);
    await server.bus?.settled();
  }
  return one;
}
