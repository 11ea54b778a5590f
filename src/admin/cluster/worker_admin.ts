import process from "node:process";
import { checkOptions, type ObservedServer, type Observer, type OptionNames, systemClock } from "../../core/mod.ts";
import { type AdminOptions, checkAdminParts } from "../admin_options.ts";
import { textOf } from "../calling.ts";
import { EventStream } from "../event_stream.ts";
import { Gone } from "../gone.ts";
import type { ListingHost } from "../listing.ts";
import { LoopDelay } from "../loop_delay.ts";
import { OneAtATime } from "../one_at_a_time.ts";
import { Query } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type RouteSettings, Routes } from "../routes.ts";
import { ServerWatch } from "../server_watch.ts";
import { EventFeed } from "./event_feed.ts";
import { type Answers, QUESTION, type Question, type Reply } from "./question.ts";
import { listGroupSizes, listMarks, listRows } from "./worker_listing.ts";

/** Answers larger than this are not sent to the supervisor. */
const MOST_CHARACTERS = 8 * 2 ** 20;
/** After so long nobody waits for an answer any more. */
const PATIENCE_MS = 10_000;

/** Options of {@link workerAdmin}: those of `admin` that are about a server. */
export type WorkerAdminOptions = Pick<
  AdminOptions,
  "clock" | "config" | "describe" | "metrics" | "onLogLevel" | "sources"
>;

const OPTIONS: OptionNames<WorkerAdminOptions> = {
  clock: true,
  config: true,
  describe: true,
  metrics: true,
  onLogLevel: true,
  sources: true,
};

/** A worker's part of the endpoint of its supervisor, created by {@link workerAdmin}. */
export interface WorkerAdmin {
  /** Tells it what the server of this worker does: give it to `serveWorker`, alone or among others. */
  readonly observer: Observer;
  /** Answers questions of the supervisor's endpoint, and others with `undefined`: give it to `serveWorker`. */
  readonly answering: (question: unknown) => Promise<unknown> | undefined;
}

/**
 * Creates a worker's part of an admin endpoint: it listens nowhere, and answers the supervisor's {@link clusterAdmin} through
 * the channel between the two.
 *
 * @throws {TypeError} an option that makes no sense
 *
 * @example
 * ```ts ignore
 * import { lines } from "spillway";
 * import { workerAdmin } from "spillway/admin";
 * import { serveWorker } from "spillway/cluster";
 *
 * const { answering, observer } = workerAdmin();
 * await serveWorker({ codec: lines(), handler: (line) => line, answering, observer });
 * ```
 */
export function workerAdmin(options: WorkerAdminOptions = {}): WorkerAdmin {
  checkOptions(options, OPTIONS);
  const parts = checkAdminParts(options);
  const worker = new WorkerPart({ ...options, ...parts, clock: options.clock ?? systemClock, token: undefined });
  return {
    observer: worker.observer,
    answering: (question) => {
      const asked = (question as { [QUESTION]?: Question } | null | undefined)?.[QUESTION];
      return asked === undefined ? undefined : worker.answer(asked);
    },
  };
}

class WorkerPart {
  readonly observer: Observer;
  readonly #settings: RouteSettings;
  readonly #watch = new ServerWatch();
  readonly #feed: EventFeed;
  readonly #loopDelay: LoopDelay;
  readonly #routes: Routes;
  readonly #lists = new OneAtATime();

  constructor(settings: RouteSettings) {
    const { clock } = settings;
    this.#settings = settings;
    this.#feed = new EventFeed(clock);
    this.#loopDelay = new LoopDelay(clock);
    this.#routes = new Routes(settings, this.#watch, new EventStream(clock), this.#loopDelay);
    this.observer = (event) => {
      if (event.type === "listening") {
        this.#loopDelay.stop();
        this.#loopDelay.start();
      }
      this.#watch.observe(event);
      this.#feed.observe(event);
    };
  }

  async answer(question: Question): Promise<Reply> {
    try {
      return { value: await this.#valueOf(question) };
    } catch (error) {
      if (error instanceof Refusal) {
        const { code, message, status } = error;
        return { refused: { status, code, message } };
      }
      if (!(error instanceof Gone)) throw error;
      return { refused: { status: 503, code: "busy", message: error.message } };
    }
  }

  async #valueOf(question: Question): Promise<Answers[keyof Answers]> {
    switch (question.kind) {
      case "hello":
        return true;
      case "route":
        return await this.#routed(question);
      case "rows":
        return await this.#list((server, host) => listRows(server, { ...question, pid: process.pid }, host));
      case "marks":
        return await this.#list((server, host) => listMarks(server, { ...question, pid: process.pid }, host));
      case "groups":
        return await this.#list((server, host) => listGroupSizes(server, question.most, host));
      case "metrics":
        return await this.#metrics();
      case "events":
        return await this.#feed.take();
      default:
        throw new Refusal(404, "not-found", "the worker does not know this question: it runs another version");
    }
  }

  /** Answers as the route does, for which the supervisor has checked who asks. */
  async #routed({ body, method, path }: Question & { kind: "route" }): Promise<Answers["route"]> {
    const { pathname, searchParams } = new URL(path, "http://localhost");
    const route = this.#routes.all.find((candidate) => candidate.method === method && candidate.path.test(pathname));
    if (route === undefined || route.parameters === "ignored") {
      throw new Refusal(404, "not-found", "the worker has no such route: it runs another version");
    }
    const answer = await route.answer({
      headOnly: false,
      query: new Query(searchParams, route.parameters),
      captured: route.path.exec(pathname)?.slice(1) ?? [],
      body: async () => body,
      gone: this.#patience(),
      takeYourTime: () => undefined,
      stream: () => {
        throw new Refusal(404, "not-found", "a worker has no streams");
      },
    });
    const text = answer?.body;
    if (typeof text !== "string") throw new Refusal(500, "failed", "the answer of the worker is no text");
    return { status: answer?.status ?? 200, text: checkedSize(text) };
  }

  #list<Listed>(list: (server: ObservedServer, host: ListingHost) => Promise<Listed>): Promise<Listed> {
    const { server } = this.#watch;
    if (server === undefined) throw new Refusal(503, "not-listening", "no server listens yet");
    const { clock, describe } = this.#settings;
    const host: ListingHost = { clock, describe, gone: this.#patience() };
    return this.#lists.run(() => list(server, host));
  }

  async #metrics(): Promise<Answers["metrics"]> {
    const { metrics } = this.#settings;
    if (metrics === undefined) throw new Refusal(404, "not-configured", "the worker offers no metrics");
    return { contentType: metrics.contentType, text: checkedSize(await textOf(metrics)) };
  }

  #patience(): () => boolean {
    const { clock } = this.#settings;
    const until = clock.now() + PATIENCE_MS;
    return () => clock.now() > until;
  }
}

function checkedSize(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  throw new Refusal(500, "failed", `the answer of the worker has more than ${MOST_CHARACTERS} characters`);
}
