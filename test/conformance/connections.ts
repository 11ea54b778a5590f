import { afterEach, describe, expect } from "vitest";
import type { TransportConnection } from "../../src/core/mod.ts";
import type { Bytes, Connection, Listener } from "../../src/mod.ts";
import { bounded, MOST_BYTES } from "../support/bounded.ts";
import { listenOnTcp, type TcpListener } from "../support/tcp_listener.ts";
import { eventually, type Platform, testOn, writesPromptly } from "./support/platform.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (string: string) => new TextEncoder().encode(string);

async function readAll(readable: ReadableStream<Bytes>): Promise<string> {
  let all = "";
  const step = bounded(MOST_BYTES);
  for await (const chunk of readable) if (step(chunk.length)) all += text(chunk);
  return all;
}

/** A resizable buffer, which the oldest runtime has and its types lack. */
const ResizableBuffer = ArrayBuffer as unknown as new (
  byteLength: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(byteLength: number): void };

/** Counts how many listeners a signal has from now on. */
function listenersOf(signal: AbortSignal): () => number {
  let count = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count -= 1;
    remove(...args);
  };
  return () => count;
}

/** The contract of a Transport and its Connections, from both ends. */
export function connections(platform: Platform): void {
  const listeners: Listener[] = [];
  const open: Connection[] = [];

  async function pair(hostname = "127.0.0.1"): Promise<{ near: Connection; far: Connection; listener: TcpListener }> {
    const listener = await listenOnTcp(platform.transport, { hostname });
    listeners.push(listener);
    const near = await platform.transport.connect({ ...listener.address, hostname: "127.0.0.1" });
    const { value: far } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
    open.push(near, far);
    return { near, far, listener };
  }

  describe("connections", () => {
    afterEach(() => {
      for (const connection of open.splice(0)) connection.abort();
      for (const listener of listeners.splice(0)) listener.close();
    });

    testOn(platform, "know where they were accepted, whatever other listeners there are", async () => {
      for (const hostname of ["127.0.0.1", "0.0.0.0", "127.0.0.1"]) {
        const { far, listener } = await pair(hostname);
        expect(far.localAddress).toEqual({ hostname: "127.0.0.1", port: listener.address.port });
      }
    });

    testOn(platform, "know an IPv4 peer by its plain address on a listener that takes IPv6 too", async () => {
      for (const [hostname, shown] of [
        ["::", "::"],
        ["::ffff:127.0.0.1", "127.0.0.1"],
      ] as const) {
        const { near, far, listener } = await pair(hostname);
        expect(listener.address.hostname).toBe(shown);
        expect(far.remoteAddress).toEqual({ hostname: "127.0.0.1", port: near.localAddress.port });
        expect(far.localAddress).toEqual({ hostname: "127.0.0.1", port: listener.address.port });
      }
    });

    testOn(platform, "that are made to an IPv4 address in IPv6 spelling know the plain one", async () => {
      const { listener } = await pair();
      const near = await platform.transport.connect({ ...listener.address, hostname: "::ffff:7f00:1" });
      open.push(near);
      expect(near.remoteAddress).toEqual(listener.address);
      expect(near.localAddress.hostname).toBe("127.0.0.1");
    });

    testOn(platform, "carry bytes both ways, know both addresses, and end when both directions have", async () => {
      const { near, far, listener } = await pair();
      expect(far.localAddress.port).toBe(listener.address.port);
      expect(far.localAddress.hostname).toBe("127.0.0.1");
      expect(near.remoteAddress).toEqual(far.localAddress);
      expect(near.localAddress).toEqual(far.remoteAddress);
      const [toFar, toNear] = [near.writable.getWriter(), far.writable.getWriter()];
      await toFar.write(bytesOf("ping"));
      await toFar.close();
      expect(await readAll(far.readable)).toBe("ping");
      await toNear.write(bytesOf("pong"));
      await toNear.close();
      expect(await readAll(near.readable)).toBe("pong");
      expect(await near.closed).toBeUndefined();
      expect(await far.closed).toBeUndefined();
    });

    testOn(platform, "that are made can be written to behind the peer's FIN", async () => {
      const { near, far } = await pair();
      await far.writable.close();
      expect(await readAll(near.readable)).toBe("");
      const writer = near.writable.getWriter();
      await writer.write(bytesOf("late"));
      await writer.close();
      expect(await readAll(far.readable)).toBe("late");
    });

    testOn(platform, "flush what was written before close() sends FIN", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      const part = bytesOf("0123456789".repeat(10_000));
      for (let count = 0; count < 20; count++) void writer.write(part).catch(() => {});
      const closed = near.close();
      const all = await readAll(far.readable);
      expect(all.length).toBe(20 * part.length);
      await far.close();
      await closed;
      expect(await near.closed).toBeUndefined();
    });

    testOn(platform, "drop, after close(), what still comes in until the peer's FIN", async () => {
      const { near, far } = await pair();
      const closed = near.close();
      expect(await readAll(far.readable)).toBe("");
      const writer = far.writable.getWriter();
      for (let count = 0; count < 50; count++) await writer.write(new Uint8Array(65_536));
      await writer.close();
      await closed;
      expect(await far.closed).toBeUndefined();
    });

    testOn(platform, "push back on a writer whose peer does not read, and go on when it does", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      const part = new Uint8Array(262_144).fill(7);
      let taken = 0;
      const writing = (async () => {
        for (let count = 0; count < 256; count++) {
          await writer.write(part);
          taken += part.length;
        }
        await writer.close();
      })();
      let before = -1;
      await eventually(() => {
        const still = taken === before;
        before = taken;
        return still && (writer.desiredSize as number) <= 0;
      });
      expect(taken).toBeLessThan(256 * part.length);
      let received = 0;
      for await (const chunk of far.readable) received += chunk.length;
      await writing;
      expect(received).toBe(256 * part.length);
    });

    testOn(platform, "give chunks that stay as they were read", async () => {
      const { near, far } = await pair();
      const [writer, reader] = [near.writable.getWriter(), far.readable.getReader()];
      const chunks: Bytes[] = [];
      for (let count = 0; count < 300; count++) {
        await writer.write(new Uint8Array(count % 7 === 0 ? 5_000 : 20).fill(count));
        for (let got = 0; got < (count % 7 === 0 ? 5_000 : 20); ) {
          const { value } = await reader.read();
          chunks.push(value as Bytes);
          got += (value as Bytes).length;
          expect(new Set(value)).toEqual(new Set([count % 256]));
        }
      }
      expect(chunks.every((chunk) => chunk.every((byte) => byte === chunk[0]))).toBe(true);
    });

    testOn(platform, "error both streams at abort(), and the peer sees it", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      near.abort(new Error("enough"));
      await expect(near.readable.getReader().read()).rejects.toMatchObject({ code: "aborted" });
      await expect(writer.write(bytesOf("late"))).rejects.toMatchObject({ code: "aborted" });
      expect(await near.closed).toMatchObject({ code: "aborted" });
      near.abort();
      await readAll(far.readable).catch((error: unknown) => expect(error).toMatchObject({ code: "connection-reset" }));
    });

    testOn(platform, "send a reset at abort()", async () => {
      const { near, far } = await pair();
      near.abort();
      await expect(readAll(far.readable)).rejects.toMatchObject({ code: "connection-reset" });
      expect(await far.closed).toMatchObject({ code: "connection-reset" });
    });

    testOn(platform, "reject a write in progress when they are aborted", async () => {
      const { near } = await pair();
      const writer = near.writable.getWriter();
      const writes = Promise.allSettled(Array.from({ length: 64 }, () => writer.write(new Uint8Array(1_048_576))));
      near.abort();
      const outcomes = await writes;
      expect(outcomes.at(-1)).toMatchObject({ status: "rejected", reason: { code: "aborted" } });
    });

    testOn(platform, "give plain bytes, and no class of the runtime's own", async () => {
      const { near, far } = await pair();
      await near.writable.getWriter().write(bytesOf("plain"));
      const { value } = await far.readable.getReader().read();
      expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
    });

    testOn(platform, "send what a view shows when it is written, and not what was written before it", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      const [first, second] = [bytesOf("aaaa"), bytesOf("bbbb")];
      for (const bytes of [first, first, first, second, second, first]) await writer.write(bytes);
      const growing = new ResizableBuffer(4, { maxByteLength: 8 });
      const view = new Uint8Array(growing);
      for (const length of [4, 4, 2, 2, 8]) {
        growing.resize(length);
        view.fill(0x63);
        await writer.write(view);
      }
      await writer.close();
      expect(await readAll(far.readable)).toBe(`${"a".repeat(12)}${"b".repeat(8)}aaaa${"c".repeat(20)}`);
    });

    testOn(platform, "reject a write in progress when the peer resets", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      const writes = Array.from({ length: 64 }, () => writer.write(new Uint8Array(1_048_576)));
      const outcomes = Promise.allSettled(writes);
      await eventually(() => (writer.desiredSize as number) < 0);
      far.abort();
      expect((await outcomes).at(-1)).toMatchObject({ status: "rejected", reason: { code: "connection-reset" } });
      expect(await near.closed).toMatchObject({ code: "connection-reset" });
    });

    testOn(platform, "that are closed after the peer has reset say that it has", async () => {
      const { near, far } = await pair();
      // Unread input makes a reset of an abort on every runtime.
      await near.writable.getWriter().write(bytesOf("unread"));
      far.abort();
      await far.closed;
      void near.close();
      expect(await near.closed).toMatchObject({ code: "connection-reset" });
    });

    testOn(platform, "end at once when they are aborted right behind close()", async () => {
      const { near, far } = await pair();
      void near.close();
      near.abort();
      expect(await near.closed).toMatchObject({ code: "aborted" });
      await readAll(far.readable).catch((error: unknown) => expect(error).toMatchObject({ code: "connection-reset" }));
    });

    testOn(platform, "that are aborted behind FIN do not take back what the peer has not read yet", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      await writer.write(bytesOf("last words".repeat(1_000)));
      await writer.close();
      near.abort();
      expect((await readAll(far.readable)).length).toBe(10_000);
    });

    testOn(platform, "say whether a write that waits means that the kernel has refused it", async () => {
      const { near, far } = await pair();
      const prompt = writesPromptly(platform);
      const owner = { onClosed: () => {}, onDropped: () => {}, onTaken: () => {} };
      const ends: TransportConnection[] = [near, far];
      expect(ends.map((end) => end.own?.(owner).writer.prompt)).toEqual([prompt, prompt]);
    });

    testOn(platform, "go through the platform's own transform streams", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      await writer.write(new Uint8Array([0xe6, 0x97]));
      await writer.write(new Uint8Array([0xa5, 0x0a]));
      await writer.close();
      let all = "";
      for await (const part of far.readable.pipeThrough(new TextDecoderStream())) all += part;
      expect(all).toBe("日\n");
    });

    testOn(platform, "are refused where nothing listens", async () => {
      const listener = await listenOnTcp(platform.transport);
      const { address } = listener;
      listener.close();
      await expect(platform.transport.connect(address)).rejects.toMatchObject({ code: "connection-refused" });
    });

    testOn(platform, "are not made to a name that does not resolve", async () => {
      const attempt = platform.transport.connect({ hostname: "no-such-host.invalid", port: 1 });
      await expect(attempt).rejects.toMatchObject({ code: "host-not-found" });
    });

    testOn(platform, "are not made when the signal says no", async () => {
      const { listener } = await pair();
      const attempt = platform.transport.connect({ ...listener.address, signal: AbortSignal.abort() });
      await expect(attempt).rejects.toMatchObject({ code: "connect-aborted" });
    });

    testOn(
      platform,
      "are not made when the signal says no meanwhile, whatever the reason, and leave nothing",
      async () => {
        const { listener } = await pair();
        const accepted = listener[Symbol.asyncIterator]();
        for (const reason of [undefined, new Error("late"), "late", null]) {
          const controller = new AbortController();
          const attempt = platform.transport.connect({ ...listener.address, signal: controller.signal });
          controller.abort(reason);
          await expect(attempt).rejects.toMatchObject({ code: "connect-aborted" });
        }
        const last = await platform.transport.connect(listener.address);
        open.push(last);
        // The kernel may have made some of them before they were given up.
        for (let count = 0; count < 5; count++) {
          const { value } = (await accepted.next()) as IteratorYieldResult<Connection>;
          open.push(value);
          if (value.remoteAddress.port === last.localAddress.port) break;
          await readAll(value.readable).catch(() => undefined);
        }
        expect(open.at(-1)?.remoteAddress).toEqual(last.localAddress);
      },
    );

    testOn(
      platform,
      "leave the signal alone, and are left alone by it, once they are made or have failed",
      async () => {
        const { listener } = await pair();
        const [controller, unused] = [new AbortController(), new AbortController()];
        const counts = [controller, unused].map(({ signal }) => listenersOf(signal));
        const near = await platform.transport.connect({ ...listener.address, signal: controller.signal });
        open.push(near);
        const gone = await listenOnTcp(platform.transport);
        gone.close();
        const failing = platform.transport.connect({ ...gone.address, signal: unused.signal });
        await expect(failing).rejects.toMatchObject({ code: "connection-refused" });
        expect(counts.map((count) => count())).toEqual([0, 0]);
        controller.abort();
        const { value: far } = (await listener[Symbol.asyncIterator]().next()) as IteratorYieldResult<Connection>;
        open.push(far);
        await far.writable.getWriter().write(bytesOf("still there"));
        expect(text((await near.readable.getReader().read()).value as Bytes)).toBe("still there");
      },
    );

    testOn(platform, "end the iteration of a listener that is closed, also while it waits", async () => {
      const { listener } = await pair();
      const waiting = listener[Symbol.asyncIterator]().next();
      listener.close();
      listener.close();
      expect((await waiting).done).toBe(true);
    });

    testOn(platform, "end the iteration of a listener that finishes while it waits, where one can", async () => {
      const { listener } = await pair();
      const waiting = listener[Symbol.asyncIterator]().next();
      // One that accepts only when it is asked has nothing to finish.
      if (listener.finish === undefined) listener.close();
      else listener.finish();
      expect((await waiting).done).toBe(true);
      await expect(platform.transport.connect(listener.address)).rejects.toMatchObject({ code: "connection-refused" });
    });
  });
}
