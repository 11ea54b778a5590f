import { describe, expect, it } from "vitest";
import { eventually } from "../conformance/support/platform.ts";
import { sClient } from "./support/openssl.ts";
import { servedTls } from "./support/served_tls.ts";

/** More than kernels keep for a connection, at both of its ends. */
const TOO_MUCH = 64 * 1_048_576;

describe("a peer that does not read, over TLS", () => {
  it("pushes back to the handler: a stream of replies waits, and goes on when it reads", async () => {
    const line = "x".repeat(65_535);
    let produced = 0;
    const { port, server } = await servedTls(
      {},
      {
        maxOutboundBytes: 1_048_576,
        async *handler() {
          while (produced < TOO_MUCH) {
            produced += line.length + 1;
            yield line;
          }
        },
      },
    );
    const client = sClient(port, "-quiet");
    client.send("go\n");
    await eventually(() => client.received > 0);
    client.stop();
    let before = -1;
    await eventually(() => {
      const same = produced === before;
      before = produced;
      return same;
    }, 100);
    expect(produced).toBeLessThan(TOO_MUCH / 2);
    expect(server.stats().waitingOutboundBytes).toBeLessThan(2 * 1_048_576);
    client.go();
    await eventually(() => client.received >= TOO_MUCH, 50);
  });

  it("is not read beyond a chunk while the handler is busy", async () => {
    let open!: () => void;
    const busy = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { port, server } = await servedTls({}, { handler: (line) => busy.then(() => String(line.length)) });
    const client = sClient(port, "-quiet");
    const line = `${"y".repeat(60_000)}\n`;
    let sent = 0;
    while (sent < TOO_MUCH / 4) {
      client.send(line);
      sent += line.length;
    }
    let before = -1;
    await eventually(() => {
      const { bytesIn } = server.stats();
      const same = bytesIn === before && bytesIn > 0;
      before = bytesIn;
      return same;
    }, 100);
    expect(before).toBeLessThan(1_048_576);
    open();
    await eventually(() => server.stats().bytesIn === sent);
  });
});
