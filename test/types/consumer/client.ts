import { type Bytes, type Client, type ClientSession, type ClientStats, connect, lines, transport } from "spillway";
import { json, lengthPrefixed, type Payload } from "spillway/codecs";
import * as core from "spillway/core";
import type { Reply, Request } from "./codecs.ts";
import { same } from "./equal.ts";

const where = { hostname: "localhost", port: 1 };

export async function clients(): Promise<void> {
  const client = await connect({ ...where, codec: lines(), isPush: (line) => line.startsWith("*"), reconnect: true });
  same<typeof client, Client<string, string>>(true);
  const reply = await client.request("line", { timeoutMs: 5, signal: AbortSignal.timeout(5) });
  same<typeof reply, string>(true);
  for await (const push of client) same<typeof push, string>(true);
  const stats: ClientStats = client.stats();
  await client.close({ timeoutMs: 5 });
  void stats;

  const binary = await connect({ ...where, codec: lengthPrefixed({ width: 2 }) });
  same<typeof binary, Client<Bytes, Payload>>(true);
  const documents = await connect({ ...where, codec: json<Reply, Request>(lines()), reconnect: { maxAttempts: 3 } });
  const answer = await documents.request({ id: 1 });
  same<typeof answer, Reply>(true);
  const same1 = await core.connect(transport, { ...where, codec: lines() });
  same<typeof same1, Client<string, string>>(true);

  // @ts-expect-error bytes are wanted, or text
  await binary.request(1);
  // @ts-expect-error a reply is not a request
  await documents.request({ ok: true });
  // @ts-expect-error an option that there is not
  await connect({ ...where, codec: lines(), timeout: 5 });
  const { request } = client;
  // @ts-expect-error a method that was taken off its client
  void request("line");
  const onConnect = async (session: ClientSession<string, string>): Promise<void> => {
    const { request: ask, send, flushed } = session;
    // @ts-expect-error a method that was taken off its session
    await ask("line");
    // @ts-expect-error the same of one that waits for nothing
    send("line");
    // @ts-expect-error the same of one that takes nothing
    await flushed();
    await session.request("line");
    session.send("line");
    await session.flushed();
  };
  await connect({ ...where, codec: lines(), onConnect });
  // @ts-expect-error no port
  await connect({ hostname: "localhost", codec: lines() });
}
