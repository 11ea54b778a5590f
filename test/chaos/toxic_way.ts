import type { Random } from "spillway/testing";
import { type Link, ToxicProxy } from "./toxic_proxy.ts";
import type { ToxicKind, Toxics } from "./toxics.ts";
import type { Way } from "./visit.ts";

/** The way to one service, through a proxy of its own. */
export class ToxicWay implements Way {
  readonly #proxy: ToxicProxy;
  readonly #toxics: Toxicology;
  #downTo = -Infinity;

  static async open(to: number, onToxic: (kind: ToxicKind) => void): Promise<ToxicWay> {
    const toxics = new Toxicology();
    const onLink = (fromPort: number, link: Link) => toxics.links.set(fromPort, link);
    return new ToxicWay(
      await ToxicProxy.start({ to, toxics: (fromPort) => toxics.of(fromPort), onLink, onToxic }),
      toxics,
    );
  }

  private constructor(proxy: ToxicProxy, toxics: Toxicology) {
    this.#proxy = proxy;
    this.#toxics = toxics;
  }

  get port(): number {
    return this.#proxy.port;
  }

  assign(fromPort: number, toxics: Toxics): void {
    this.#toxics.assign(fromPort, toxics);
  }

  release(fromPort: number): number {
    const link = this.#toxics.links.get(fromPort);
    this.#toxics.forget(fromPort);
    return link?.toServer.passedBytes ?? 0;
  }

  downSince(instant: number): boolean {
    return this.#downTo >= instant;
  }

  /** Goes down for a moment. */
  async fail(random: Random): Promise<void> {
    this.#downTo = Infinity;
    this.#proxy.down = true;
    await new Promise((resolve) => setTimeout(resolve, 20 + random.below(200)));
    this.#proxy.down = false;
    this.#downTo = performance.now();
  }

  async close(): Promise<void> {
    await this.#proxy.close();
  }
}

/** The toxics of each connection. Its client and the proxy learn of it in any order. */
class Toxicology {
  readonly links = new Map<number, Link>();
  readonly #assigned = new Map<number, Toxics>();
  readonly #waiting = new Map<number, (toxics: Toxics) => void>();

  assign(fromPort: number, toxics: Toxics): void {
    const waiting = this.#waiting.get(fromPort);
    this.#waiting.delete(fromPort);
    if (waiting === undefined) this.#assigned.set(fromPort, toxics);
    else waiting(toxics);
  }

  /** The port may be somebody else's from now on. */
  forget(fromPort: number): void {
    this.links.delete(fromPort);
    this.#assigned.delete(fromPort);
    this.#waiting.get(fromPort)?.({});
    this.#waiting.delete(fromPort);
  }

  of(fromPort: number): Toxics | Promise<Toxics> {
    const assigned = this.#assigned.get(fromPort);
    this.#assigned.delete(fromPort);
    return assigned ?? new Promise((resolve) => this.#waiting.set(fromPort, resolve));
  }
}
