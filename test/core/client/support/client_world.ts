import { expect } from "vitest";
import {
  type Client,
  type ClientBehaviour,
  type ClientEvent,
  type ClientSession,
  connect,
  type Listener,
  lines,
  SpillwayError,
} from "../../../../src/core/mod.ts";
import { type ManualClock, type MemoryTransport, manualClock, memoryTransport } from "../../../../src/testing/mod.ts";
import { listenOnTcp } from "../../../support/tcp_listener.ts";
import { Peer } from "../../support/peer.ts";

/** A call of the client at some moment, wherever that is: in an observer, in `isPush`, in `onConnect`, or outside of them. */
export type Call = "ask" | "ask shortly" | "ask and give up" | "send" | "reconnect" | "close" | "abort" | "throw";

/** The act of `onConnect` on one connection. */
export type Preparation =
  | "nothing"
  | "send"
  | "log in"
  | "log in twice"
  | "ask its own and go on"
  | "ask the client and go on"
  | "ask the client and wait"
  | "throw"
  | "log in and throw"
  | "wait for 30 ms"
  | "hang";

/** One step of a run. */
export type Step =
  | { readonly do: Call | "give up" | "take" | "answer" | "answer all" | "answer in halves" | "push" | "push part" }
  | { readonly do: "reset" | "finish" | "garbage" | "listen" | "unlisten" | "stall" | "read" | "settle" }
  | { readonly do: "wait"; readonly ms: number };

export interface Scenario {
  readonly options: Partial<ClientBehaviour<string, string>>;
  /** Whether the server pushes at any time, and `isPush` knows it, or only while nothing is asked, and nothing but that tells. */
  readonly pushes: "recognised" | "unrecognised" | "none";
  /** Whether the server answers what `onConnect` asks at once. */
  readonly welcomes: boolean;
  readonly preparations: readonly Preparation[] | undefined;
  /** The calls of the observer at the nth event, and of `isPush` at the nth frame. */
  readonly atEvent: readonly (Call | undefined)[];
  readonly atFrame: readonly (Call | undefined)[];
  readonly steps: readonly Step[];
}

/** A request, and what became of it. */
interface Asked {
  readonly frame: string;
  readonly controller: AbortController;
  /** Of one connection alone. */
  readonly connection: number | undefined;
  settled: number;
  reply?: string;
  error?: unknown;
}

/** The other end of one connection: it answers each line with the same line in capitals, in order, when it is told to. */
interface Server {
  readonly peer: Peer;
  readonly received: string[];
  readonly unanswered: string[];
  /** The missing part of a frame that was sent in part. */
  rest: string;
  text: string;
}

const HEARTBEAT = "beat";

/** A client in memory, its callers and its server, and a judge. */
export class ClientWorld {
  readonly clock: ManualClock = manualClock();
  readonly #transport: MemoryTransport = memoryTransport({ maxLinkBytes: 256 });
  readonly #scenario: Scenario;
  readonly #events: ClientEvent[] = [];
  readonly #asked: Asked[] = [];
  readonly #servers: Server[] = [];
  readonly #taken: string[] = [];
  /** The frames that `send` was given after the client had closed. */
  readonly #refused: string[] = [];
  /** On which connections `onConnect` is done. */
  readonly #prepared = new Set<number>();
  readonly #doubts: string[] = [];
  #client: Client<string, string> | undefined;
  #listener: Listener | undefined;
  #address = { hostname: "127.0.0.1", port: 0 };
  #eventCount = 0;
  #frameCount = 0;
  #count = 0;
  #taking = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  async run(): Promise<void> {
    const { preparations, pushes, steps } = this.#scenario;
    // Pushes that nothing tells from replies must not wait, or they come behind what is asked meanwhile.
    const options = { ...this.#scenario.options, ...(pushes === "unrecognised" && { maxPushes: Infinity }) };
    await this.#listen();
    const connecting = connect<string, string>(this.#transport, {
      ...this.#address,
      codec: lines({ maxFrameBytes: 64 }),
      clock: this.clock,
      ...options,
      isPush: (frame) => {
        this.#call(this.#scenario.atFrame[this.#frameCount++]);
        return pushes === "recognised" && frame.startsWith("!");
      },
      observer: (event, client) => {
        this.#client = client;
        this.#events.push(event);
        this.#call(this.#scenario.atEvent[this.#eventCount++]);
      },
      ...(preparations && { onConnect: (session) => this.#prepare(session, preparations) }),
    });
    connecting.catch(() => undefined);
    for (const step of steps) await this.#step(step);
    await this.#end();
  }

  async #step(step: Step): Promise<void> {
    const server = this.#servers.at(-1);
    switch (step.do) {
      case "give up":
        return this.#asked.find(({ settled }) => settled === 0)?.controller.abort(new Error("given up"));
      case "take":
        return this.#take();
      case "answer":
        return server && this.#answer(server, 1);
      case "answer all":
        return server && this.#answer(server, Infinity);
      case "answer in halves":
        return server && this.#answerHalf(server);
      case "push":
      case "push part":
        return server && this.#push(server, step.do === "push part");
      case "garbage":
        return server && this.#write(server, `${"x".repeat(80)}\n`);
      case "reset":
        return server?.peer.reset();
      case "finish":
        return server?.peer.finish();
      case "listen":
        return this.#listen();
      case "unlisten":
        this.#listener?.close();
        this.#listener = undefined;
        return;
      case "stall":
        return server?.peer.stall();
      case "read":
        return server?.peer.read();
      case "settle":
        return this.clock.advance(0);
      case "wait":
        return this.clock.advance(step.ms);
      case "throw":
        return;
      default:
        return this.#call(step.do);
    }
  }

  /** Does the call of a caller. */
  #call(call: Call | undefined): void {
    const client = this.#client;
    if (call === undefined || client === undefined) return;
    switch (call) {
      case "ask":
        return void this.#ask((frame, options) => client.request(frame, options));
      case "ask shortly":
        return void this.#ask((frame, options) => client.request(frame, { ...options, timeoutMs: 7 }));
      case "ask and give up":
        return this.#ask((frame, options) => client.request(frame, options)).controller.abort(new Error("at once"));
      case "send": {
        const frame = `s${this.#count++}`;
        if (client.send(frame) === "closed") this.#refused.push(frame);
        return;
      }
      case "reconnect":
        try {
          client.reconnect();
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
        }
        return;
      case "close":
        return void client.close({ timeoutMs: 40 });
      case "abort":
        return client.abort();
      case "throw":
        throw new Error("thrown by a caller");
    }
  }

  #ask(
    request: (frame: string, options: { readonly signal: AbortSignal }) => Promise<string>,
    connection?: number,
  ): Asked & { readonly promise: Promise<string> } {
    const controller = new AbortController();
    const frame = connection === undefined ? `q${this.#count++}` : `o${connection}.${this.#count++}`;
    const asked: Asked = { frame, controller, connection, settled: 0 };
    this.#asked.push(asked);
    const promise = request(frame, { signal: controller.signal });
    promise.then(
      (reply) => {
        asked.settled += 1;
        asked.reply = reply;
      },
      (error: unknown) => {
        asked.settled += 1;
        asked.error = error;
      },
    );
    return Object.assign(asked, { promise });
  }

  async #prepare(session: ClientSession<string, string>, preparations: readonly Preparation[]): Promise<void> {
    const { id } = session.connection;
    const own = () => this.#ask((frame, options) => session.request(frame, options), id).promise;
    const clients = () =>
      this.#ask((frame, options) => (this.#client as Client<string, string>).request(frame, options));
    switch (preparations[(id - 1) % preparations.length]) {
      case "send":
        session.send(`o${id}.sent`);
        break;
      case "log in":
        await own();
        break;
      case "log in twice":
        await Promise.all([own(), own()]);
        break;
      case "ask its own and go on":
        for (let count = 0; count < 3; count++) own().catch(() => undefined);
        break;
      case "ask the client and go on":
        clients();
        break;
      case "ask the client and wait":
        await clients().promise;
        break;
      case "throw":
        throw new Error("thrown by onConnect");
      case "log in and throw":
        await own();
        throw new Error("thrown by onConnect");
      case "wait for 30 ms":
        await new Promise<void>((resolve) => this.clock.setTimeout(resolve, 30));
        break;
      case "hang":
        await new Promise(() => {});
        break;
      case "nothing":
      case undefined:
    }
    this.#prepared.add(id);
  }

  async #listen(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = await listenOnTcp(this.#transport, this.#address);
    this.#listener = listener;
    this.#address = { ...listener.address };
    void (async () => {
      for await (const connection of listener) {
        const id = this.#servers.length + 1;
        const onData = (chunk: Uint8Array) => this.#onData(id, server, chunk);
        const server: Server = {
          peer: new Peer(connection, this.clock, { onData }),
          received: [],
          unanswered: [],
          rest: "",
          text: "",
        };
        this.#servers.push(server);
      }
    })();
  }

  #onData(id: number, server: Server, chunk: Uint8Array): void {
    const [...whole] = (server.text + new TextDecoder().decode(chunk)).split("\n");
    server.text = whole.pop() as string;
    for (const line of whole) {
      server.received.push(line);
      // A frame of `send` asks for nothing, and a heartbeat with an answer of its own has no place in the order.
      const answered = line.startsWith("q") || /^o\d+\.\d+$/.test(line) || line === HEARTBEAT;
      if (answered) server.unanswered.push(line);
      if (line === HEARTBEAT) continue;
      const own = line.startsWith("o");
      if (own && !line.startsWith(`o${id}.`)) this.#doubts.push(`${line} came on connection ${id}`);
      const early = !own && this.#scenario.preparations !== undefined && !this.#prepared.has(id);
      if (early) this.#doubts.push(`${line} came on connection ${id} before onConnect was done`);
    }
    if (this.#scenario.welcomes && server.unanswered.every((line) => line.startsWith("o")))
      this.#answer(server, Infinity);
  }

  async #push(server: Server, part: boolean): Promise<void> {
    const { pushes } = this.#scenario;
    if (pushes === "none") return;
    if (pushes === "unrecognised") {
      await this.clock.advance(0);
      if (part || server.rest !== "" || server.unanswered.length > 0 || this.#client?.stats().pendingRequests !== 0)
        return;
    }
    this.#write(server, `!${this.#count++}${part ? "" : "\n"}`);
    if (part) server.rest = "\n";
    if (pushes === "unrecognised") await this.clock.advance(0);
  }

  #answer(server: Server, count: number): void {
    const answered = server.unanswered.splice(0, count);
    this.#write(server, answered.map((line) => `${line.toUpperCase()}\n`).join(""));
  }

  #answerHalf(server: Server): void {
    const line = server.unanswered.shift();
    if (line === undefined) return;
    this.#write(server, line.slice(0, 1).toUpperCase());
    server.rest = `${line.slice(1).toUpperCase()}\n`;
  }

  /** Writes a frame. A frame that was begun is finished first. */
  #write(server: Server, text: string): void {
    const bytes = server.rest + text;
    server.rest = "";
    if (bytes !== "") void server.peer.send(bytes);
  }

  #take(): void {
    const client = this.#client;
    if (client === undefined || this.#taking > 3) return;
    this.#taking += 1;
    client[Symbol.asyncIterator]()
      .next()
      .then(
        ({ value }) => {
          if (value !== undefined) this.#taken.push(value);
        },
        () => undefined,
      )
      .finally(() => {
        this.#taking -= 1;
      });
  }

  async #end(): Promise<void> {
    await this.clock.advance(0);
    const unsettled = this.#asked.filter(({ settled }) => settled === 0).length;
    const asked = this.#asked.length;
    const open =
      this.#client !== undefined && !this.#events.some(({ type }) => /^client-(draining|closed)$/.test(type));
    if (open) {
      const drained = this.#client?.close({ timeoutMs: 30 });
      for (let count = 0; count < 10; count++) {
        for (const server of this.#servers) this.#answer(server, 1);
        await this.clock.advance(100);
      }
      const { drained: settled, aborted } = (await drained) as { drained: number; aborted: number };
      expect(Math.min(settled, aborted)).toBeGreaterThanOrEqual(0);
      // Requests of onConnect during the drain come on top.
      const late = this.#asked.length - asked;
      expect(settled + aborted, "what was not settled when it was closed").toBeGreaterThanOrEqual(unsettled);
      expect(settled + aborted).toBeLessThanOrEqual(unsettled + late);
    }
    this.#client?.abort();
    this.#listener?.close();
    for (const { peer } of this.#servers) peer.connection.abort();
    await this.clock.advance(1_000);
    this.#judge();
  }

  #judge(): void {
    const received = this.#servers.map((server) => server.received);
    for (const { frame, settled, reply, error } of this.#asked) {
      expect(settled, `${frame} is settled`).toBe(1);
      if (error === undefined) expect(reply).toBe(frame.toUpperCase());
      const times = received.flat().filter((line) => line === frame).length;
      expect(times, `${frame} was received at most once`).toBeLessThanOrEqual(1);
      if (error instanceof SpillwayError && error.message.includes("was not sent")) {
        expect(times, `${frame}: ${error.message}`).toBe(0);
      }
    }
    for (const frame of this.#refused) expect(received.flat()).not.toContain(frame);
    expect(this.#doubts).toEqual([]);
    expect(this.#taken.filter((frame) => !frame.startsWith("!"))).toEqual([]);
    expect(this.clock.pending).toBe(0);
    const of = (type: ClientEvent["type"]) => this.#events.filter((event) => event.type === type).length;
    expect(of("connection-closed")).toBe(of("connection-opened"));
    if (this.#client === undefined) return;
    expect(of("client-closed")).toBe(1);
    const { pendingRequests, waitingRequests } = this.#client.stats();
    expect({ pendingRequests, waitingRequests }).toEqual({ pendingRequests: 0, waitingRequests: 0 });
  }
}
