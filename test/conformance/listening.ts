import { describe, expect } from "vitest";
import { serve } from "../../src/core/mod.ts";
import { lines } from "../../src/mod.ts";
import { eventually, gate, type Platform, start, testOn } from "./support/platform.ts";

const service = { codec: lines(), handler: (line: string) => line };

/** Listening and accepting. */
export function listening(platform: Platform): void {
  describe("listening", () => {
    testOn(platform, "says on which address it listens", async () => {
      const { server, events } = await start(platform, service);
      expect(server.address.hostname).toBe("127.0.0.1");
      expect(server.address.port).toBeGreaterThan(0);
      expect(events[0]).toEqual({
        type: "listening",
        address: server.address,
        transport: platform.transport.name,
        server,
      });
    });

    testOn(platform, "fails where something listens already", async () => {
      const { server } = await start(platform, service);
      const again = serve(platform.transport, { ...service, port: server.address.port });
      await expect(again).rejects.toMatchObject({ name: "SpillwayError", code: "address-in-use" });
    });

    testOn(platform, "fails on a port that does not exist, before listening", async () => {
      for (const port of [-1, 65_536, 1.5, Number.NaN]) {
        await expect(serve(platform.transport, { ...service, port })).rejects.toThrow(RangeError);
      }
    });

    testOn(platform, "fails on a name that does not resolve", async () => {
      const unknown = serve(platform.transport, { ...service, hostname: "no-such-host.invalid", port: 0 });
      await expect(unknown).rejects.toMatchObject({ code: "host-not-found" });
    });

    testOn(platform, "fails on an address that is not this machine's", async () => {
      const elsewhere = serve(platform.transport, { ...service, hostname: "192.0.2.1", port: 0 });
      await expect(elsewhere).rejects.toMatchObject({ code: "address-not-available" });
    });

    testOn(platform, "takes a name", async () => {
      const server = await serve(platform.transport, { ...service, hostname: "localhost", port: 0 });
      const client = await platform.dial(server.address);
      client.send("by name\n");
      expect(await client.until("\n")).toBe("by name\n");
      await server.shutdown();
    });

    testOn(
      platform,
      "with a signal that is aborted before, or meanwhile, rejects with its reason and leaves the port free",
      async () => {
        const { server } = await start(platform, service);
        const { port } = server.address;
        await server.shutdown();
        const reason = new Error("not any more");
        const before = serve(platform.transport, { ...service, port, signal: AbortSignal.abort(reason) });
        await expect(before).rejects.toBe(reason);
        const controller = new AbortController();
        const meanwhile = serve(platform.transport, { ...service, port, signal: controller.signal });
        controller.abort(reason);
        await expect(meanwhile).rejects.toBe(reason);
        // The runtime may still be at it.
        const again = () => serve(platform.transport, { ...service, port });
        const free = await again().catch(async () => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          return again();
        });
        await free.shutdown();
      },
    );

    testOn(platform, "beyond maxConnections, connections wait for their turn", async () => {
      const { dial, server } = await start(platform, { ...service, maxConnections: 2 });
      const [first, second, third] = [await dial(), await dial(), await dial()];
      third.send("third\n");
      for (const client of [first, second]) {
        client.send("in\n");
        await client.until("\n");
      }
      expect(server.stats()).toMatchObject({ connections: 2, accepted: 2 });
      expect(third.receivedBytes).toBe(0);
      first.finish();
      expect(await third.until("\n")).toBe("third\n");
    });

    testOn(platform, "beyond maxConnections, connections are turned away on request", async () => {
      const { dial, server, closed } = await start(platform, {
        ...service,
        maxConnections: 1,
        beyondMaxConnections: "reject",
      });
      const first = await dial();
      await eventually(() => server.stats().connections === 1);
      const second = await dial();
      expect(await second.rest()).toBe("error: too-many-connections\n");
      expect((await closed()).reason).toBe("too-many-connections");
      first.finish();
      await closed(2);
      const third = await dial();
      third.send("room\n");
      expect(await third.until("\n")).toBe("room\n");
      expect(server.stats()).toMatchObject({ accepted: 2, refused: 1 });
    });

    testOn(platform, "connections that wait are let go at shutdown", async () => {
      const busy = gate();
      const { dial, server } = await start(platform, {
        codec: lines(),
        maxConnections: 1,
        handler: async (line) => {
          await busy.promise;
          return line;
        },
      });
      const first = await dial();
      first.send("busy\n");
      await eventually(() => server.stats().framesIn === 1);
      const waiting = await dial();
      const drained = server.shutdown();
      busy.open();
      expect(await first.rest()).toBe("busy\n");
      expect((await drained).aborted).toBe(0);
      await waiting.ended;
    });
  });
}
