// A server in a process of its own that stalls as a whole, and peers that did all they should meanwhile.
import { connect, type Socket } from "node:net";
import process from "node:process";
import { afterAll, describe, expect, it, vi } from "vitest";
import { CliProcess } from "./support/cli_process.ts";

const STALL_MS = 2_500;
const PEERS = 20;
const PINGS = 14;
/** The server's idle deadline is 1 s. */
const PING_EVERY_MS = 300;

/** Says something now and then, and counts what comes back. */
class Peer {
  sent = 0;
  received = 0;
  over = false;
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  #onChange: () => void = () => {};

  constructor(port: number) {
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("data", (bytes) => {
      for (const byte of bytes) if (byte === 0x0a) this.received += 1;
      this.#onChange();
    });
    this.#socket.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.#socket.on("close", () => {
        this.over = true;
        this.#onChange();
        resolve();
      });
    });
  }

  send(line: string, times = 1): void {
    this.sent += times;
    this.#socket.write(`${line}\n`.repeat(times));
  }

  /** Whether it reads what comes. */
  read(reads: boolean): void {
    if (reads) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Fulfils when everything is answered, or the connection is over. */
  async answered(): Promise<void> {
    while (!this.over && this.received < this.sent) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  leave(): void {
    this.#socket.destroy();
  }
}

const started: CliProcess[] = [];
afterAll(() => {
  for (const cli of started) cli.kill();
});

async function serving(): Promise<{ cli: CliProcess; port: number }> {
  const cli = new CliProcess("serve", "stalling.mjs", "--port", "0", "--log-level", "error");
  started.push(cli);
  return { cli, port: await cli.ready() };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PING_EVERY_MS));

/** Everybody is there, and has got an answer to everything. */
async function expectAnswered(peers: readonly Peer[]): Promise<void> {
  await Promise.all(peers.map((peer) => peer.answered()));
  expect(peers.filter(({ over }) => !over).length, "peers alive").toBe(peers.length);
  expect(peers.filter(({ sent, received }) => received === sent).length, "peers answered").toBe(peers.length);
  for (const peer of peers) peer.leave();
}

/** Twenty that ping, one that falls silent, and what becomes of them when the server stalls in between. */
async function seeThrough(stall: (cli: CliProcess, silent: Peer) => void): Promise<void> {
  const { cli, port } = await serving();
  const peers = Array.from({ length: PEERS }, () => new Peer(port));
  const silent = new Peer(port);
  for (let ping = 0; ping < PINGS; ping++) {
    for (const peer of peers) peer.send(`ping ${ping}`);
    if (ping === 2) stall(cli, silent);
    await pause();
  }
  await silent.ended;
  // The line may come later than the end that it tells of.
  await vi.waitFor(() => expect(cli.stderr).not.toBe(""), { timeout: 5_000 });
  expect(cli.stderr).toBe("ended idle-timeout\n");
  await expectAnswered(peers);
  cli.kill();
}

function stop(cli: CliProcess): void {
  cli.signal("SIGSTOP");
  setTimeout(() => cli.signal("SIGCONT"), STALL_MS);
}

// Windows cannot stop a process.
describe.skipIf(process.platform === "win32")("a stall of 2.5 s, with deadlines of 1 s", { concurrent: true }, () => {
  it("by a handler that blocks costs nobody the connection but the one that caused it and fell silent", async () => {
    await seeThrough((_, silent) => silent.send(`block ${STALL_MS}`));
  });

  it("of a process that was stopped costs nobody the connection but the one that fell silent", async () => {
    await seeThrough(stop);
  });

  it("does not make a reader slow that has read meanwhile", async () => {
    const { cli, port } = await serving();
    const [reader, hostile] = [new Peer(port), new Peer(port)];
    reader.read(false);
    reader.send("big");
    hostile.send("first");
    await hostile.answered();
    hostile.send(`block ${STALL_MS}`);
    reader.read(true);
    await expectAnswered([reader]);
    cli.kill();
  });
});

it("twenty that ping through a flood of lines from four are not found idle", async () => {
  const { cli, port } = await serving();
  const peers = Array.from({ length: PEERS }, () => new Peer(port));
  const flooders = Array.from({ length: 4 }, () => new Peer(port));
  for (const peer of peers) peer.send("first");
  for (const flooder of flooders) flooder.send("work", 25_000);
  while (flooders.some(({ over, sent, received }) => !over && received < sent)) {
    for (const peer of peers) peer.send("ping");
    await pause();
  }
  expect(flooders.map(({ received }) => received)).toEqual(flooders.map(({ sent }) => sent));
  await expectAnswered(peers);
  cli.kill();
}, 60_000);
