import type { SupervisedCluster, SupervisedWorker } from "../../../src/admin/mod.ts";
import { type ClusterAdmin, type ClusterAdminOptions, clusterAdmin, workerAdmin } from "../../../src/admin/mod.ts";
import type { Group, ObservedServer, ServerEvent, ServerStats, Session } from "../../../src/core/mod.ts";

export const TOKEN = "a-token-of-thirty-two-characters";

/** A connection that only looks as if it were one. */
export interface FakeConnection {
  readonly id: number;
  readonly remote?: string;
  readonly counts?: Partial<ReturnType<Session<never>["stats"]>>;
}

/** The process of a worker that a test plays: its part of the endpoint is the real one. */
export class FakeWorker implements SupervisedWorker {
  readonly slot: number;
  readonly id: number;
  readonly pid: number;
  state = "serving";
  /** Whether it answers. */
  stopped = false;
  /** The requests, in order. */
  readonly asked: unknown[] = [];
  readonly ends: string[] = [];
  sessions: Session<never>[] = [];
  groups: Group<never>[] = [];
  readonly #part = workerAdmin({ config: () => ({ port: 8080 }), onLogLevel: (level) => this.levels.push(level) });
  readonly levels: string[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(slot: number, id: number, connections: readonly FakeConnection[] = []) {
    this.slot = slot;
    this.id = id;
    this.pid = 1_000 + id;
    this.sessions = connections.map((connection) => this.#session(connection));
    const address = { hostname: "10.0.0.1", port: 80 };
    const traffic = { bytesIn: 10, bytesOut: 20, framesIn: 1, framesOut: 2, framesDropped: 0 };
    const server: ObservedServer = {
      addresses: [address],
      state: "listening",
      sessions: { [Symbol.iterator]: () => this.sessions[Symbol.iterator]() } as never,
      groups: { [Symbol.iterator]: () => this.groups[Symbol.iterator]() } as never,
      stats: () =>
        ({ connections: this.sessions.length, handlers: 0, groups: 0, ...traffic }) as unknown as ServerStats,
      stopAccepting: () => undefined,
      shutdown: () => new Promise(() => undefined),
    };
    this.say({ type: "listening", address, transport: "fake", server });
  }

  say(event: ServerEvent): void {
    this.#part.observer(event);
  }

  /** Answers as the channel does: in JSON. */
  async answer(question: unknown, timeoutMs: number): Promise<unknown> {
    this.asked.push(question);
    if (this.stopped) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), Math.min(timeoutMs, 50));
        }),
      ]).finally(() => clearTimeout(timer));
    }
    const answer = await this.#part.answering(JSON.parse(JSON.stringify(question)));
    return JSON.parse(JSON.stringify(answer)) as unknown;
  }

  /** Lets it answer again what it was asked. */
  resume(): void {
    this.stopped = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #session({ counts = {}, id, remote = `10.1.${this.slot}.${id % 256}` }: FakeConnection): Session<never> {
    const stats = {
      bytesIn: 0,
      bytesOut: 0,
      framesIn: 0,
      framesOut: 0,
      framesDropped: 0,
      ageMs: 1_000,
      quietMs: 10,
      waitingOutboundBytes: 0,
      framesInFlight: 0,
      groups: [],
      ...counts,
    };
    const connection = {
      id,
      remoteAddress: { hostname: remote, port: 40_000 },
      localAddress: { hostname: "10.0.0.1", port: 80 },
    };
    const begun = performance.now();
    const end = (how: string) => {
      this.ends.push(`${how} ${id}`);
    };
    return {
      connection,
      authenticating: false,
      stats: () => {
        const passed = performance.now() - begun;
        return { ...stats, ageMs: stats.ageMs + passed, quietMs: stats.quietMs + passed };
      },
      close: () => end("close"),
      abort: () => end("abort"),
    } as unknown as Session<never>;
  }
}

/** A cluster of workers that a test plays. */
export class FakeCluster implements SupervisedCluster {
  readonly addresses = [{ hostname: "10.0.0.1", port: 80 }];
  workers: FakeWorker[];
  isServing = true;
  reloads: (number | undefined)[] = [];
  drained: number[] = [];
  shutdowns: object[] = [];
  /** The result of the next reload. */
  result: Promise<{ reloaded: boolean; why?: string }> = Promise.resolve({ reloaded: true });

  constructor(workers: readonly FakeWorker[]) {
    this.workers = [...workers];
  }

  reload(slot?: number) {
    this.reloads.push(slot);
    return this.result;
  }

  drainWorker(slot: number): boolean {
    this.drained.push(slot);
    return this.workers.some((worker) => worker.slot === slot && worker.state === "serving");
  }

  async shutdown(options: object = {}): Promise<void> {
    this.shutdowns.push(options);
  }

  async ask({ id }: { readonly id: number }, question: unknown, timeoutMs: number): Promise<unknown> {
    const worker = this.workers.find((one) => one.id === id);
    if (worker === undefined) throw new Error("the worker has ended");
    return await worker.answer(question, timeoutMs);
  }
}

/** An endpoint over a cluster, which has told it that it runs. */
export class ClusterWatched implements AsyncDisposable {
  readonly endpoint: ClusterAdmin;
  readonly cluster: FakeCluster;

  private constructor(endpoint: ClusterAdmin, cluster: FakeCluster) {
    this.endpoint = endpoint;
    this.cluster = cluster;
  }

  static async start(
    workers: readonly FakeWorker[],
    options: Partial<ClusterAdminOptions> = {},
  ): Promise<ClusterWatched> {
    const endpoint = clusterAdmin({ listen: { port: 0 }, token: TOKEN, ...options });
    await endpoint.start();
    const cluster = new FakeCluster(workers);
    endpoint.observer({ type: "bound", workers: workers.length } as never);
    for (const worker of workers) endpoint.observer({ type: "worker-ready", worker } as never);
    endpoint.observer({ type: "ready" });
    endpoint.attach(cluster);
    return new ClusterWatched(endpoint, cluster);
  }

  get url(): string {
    return `http://127.0.0.1:${this.endpoint.address.port}`;
  }

  async get(path: string): Promise<{ status: number; json: Record<string, unknown>; text: string }> {
    return await this.ask("GET", path);
  }

  async ask(method: string, path: string, body?: object, token: string = TOKEN) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, text, json: (isJson ? JSON.parse(text) : {}) as Record<string, unknown> };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.cluster.workers) worker.resume();
    this.cluster.workers = [];
    await this.endpoint.close();
  }
}
