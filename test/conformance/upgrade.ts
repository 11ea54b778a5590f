import { describe, expect } from "vitest";
import { lines } from "../../src/mod.ts";
import { raw } from "../core/codecs/support/byte_strings.ts";
import { binary, handshake } from "../core/support/upgrading.ts";
import { gate, type Platform, start, testOn } from "./support/platform.ts";

const INPUT = "hello\nbinary\n\x03a\nb\x02cd\0";
const OUTPUT = "HELLO\nok\n\x05<a\nb>\x04<cd>\x02<>";

/** A connection that goes on with another codec. */
export function upgrade(platform: Platform): void {
  describe("upgrade", () => {
    testOn(platform, "text and binary in one segment", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: handshake });
      const client = await dial();
      client.send(raw(INPUT));
      client.finish();
      expect(await client.rest()).toBe(OUTPUT);
      expect(await closed()).toMatchObject({ reason: "remote-closed", framesIn: 5, framesOut: 5 });
    });

    testOn(platform, "cut in two anywhere", async () => {
      const { dial, heard } = await start(platform, { codec: lines(), handler: handshake });
      for (let at = 1, sent = 0; at < INPUT.length; at++, sent += INPUT.length) {
        const client = await dial();
        client.send(raw(INPUT.slice(0, at)));
        await heard(sent + at);
        client.send(raw(INPUT.slice(at)));
        client.finish();
        expect(await client.rest(), `cut at ${at}`).toBe(OUTPUT);
      }
    });

    testOn(platform, "that takes a while: what follows waits for the new codec", async () => {
      const decided = gate();
      const { dial, heard } = await start<string, string>(platform, {
        codec: lines(),
        handler: async (_, context) => {
          await decided.promise;
          context.upgrade(binary);
          return "ok";
        },
      });
      const client = await dial();
      client.send(raw("binary\n\x03abc"));
      await heard(11);
      client.send(raw("\x02de"));
      decided.open();
      client.finish();
      expect(await client.rest()).toBe("ok\n\x05<abc>\x04<de>");
    });

    testOn(platform, "ends with the frame that the end cuts off", async () => {
      const { dial, closed } = await start(platform, { codec: lines(), handler: handshake });
      const client = await dial();
      client.send(raw("binary\n\x01a\x05bc"));
      client.finish();
      expect(await client.rest()).toBe("ok\n\x03<a>");
      expect((await closed()).reason).toBe("unexpected-eof");
    });
  });
}
