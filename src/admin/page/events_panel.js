// @ts-check
import { byId, element, setText } from "./element.js";
import { bytes, clock, count, duration, many } from "./format.js";
import { toneOf } from "./tones.js";

const MOST = 200;
const ROUTINE = new Set(["connection-opened", "connection-closed"]);
const TYPES = [
  "listening",
  "accept-error",
  "connections-full",
  "connections-available",
  "accepting-stopped",
  "connection-opened",
  "establish-failed",
  "connection-closed",
  "frame-error",
  "handler-error",
  "slow-consumer",
  "draining",
  "drained",
  "cluster-bound",
  "cluster-ready",
  "cluster-draining",
  "cluster-drained",
  "worker-started",
  "worker-ready",
  "worker-draining",
  "worker-killed",
  "worker-ended",
  "worker-restarting",
  "reload-started",
  "reload-finished",
  "upgrade-started",
  "upgrade-finished",
  "upgrade-failed",
  "successor-lost",
];

/** The tail of the events. While it is paused, or not shown, nothing moves. */
export class EventsPanel {
  #list = byId("events", HTMLElement);
  #empty = byId("no-events", HTMLElement);
  #note = byId("event-note", HTMLOutputElement);
  #pause = byId("pause", HTMLButtonElement);
  #routine = byId("routine", HTMLInputElement);
  #paused = false;
  #missed = 0;
  #dropped = 0;
  /** @type {Node[]} */
  #waiting = [];

  constructor() {
    this.#pause.addEventListener("click", () => this.togglePause());
    byId("clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
    this.#routine.addEventListener("change", () => this.#showNote());
    this.#listen();
  }

  togglePause() {
    this.#paused = !this.#paused;
    if (!this.#paused) this.#missed = 0;
    this.#pause.setAttribute("aria-pressed", String(this.#paused));
    setText(this.#pause, this.#paused ? "Resume" : "Pause");
    this.#showNote();
  }

  #listen() {
    const source = new EventSource("/events");
    for (const type of TYPES) {
      source.addEventListener(type, ({ data }) => this.#add(JSON.parse(data)));
    }
    source.addEventListener("dropped", ({ data }) => {
      this.#dropped += JSON.parse(data).count;
      this.#showNote();
    });
    // The browser tries again by itself, unless it was refused.
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#listen(), 5_000);
    });
  }

  /** @param {any} event */
  #add(event) {
    if (ROUTINE.has(event.type) && !this.#routine.checked) return;
    if (this.#paused) {
      this.#missed += 1;
      this.#showNote();
      return;
    }
    if (this.#waiting.length === 0) requestAnimationFrame(() => this.#flush());
    this.#waiting.unshift(lineOf(event));
    this.#waiting.length = Math.min(this.#waiting.length, MOST);
  }

  #flush() {
    this.#list.prepend(...this.#waiting);
    this.#waiting = [];
    while (this.#list.children.length > MOST) this.#list.lastElementChild?.remove();
    this.#empty.hidden = true;
  }

  #clear() {
    this.#list.replaceChildren();
    this.#missed = 0;
    this.#dropped = 0;
    this.#empty.hidden = false;
    this.#showNote();
  }

  #showNote() {
    const notes = [];
    if (this.#paused) notes.push(`paused, ${count(this.#missed)} not shown`);
    if (this.#dropped > 0) notes.push(`${count(this.#dropped)} more than could be shown`);
    setText(this.#note, notes.join("; "));
  }
}

/** @param {any} event */
function lineOf(event) {
  const date = new Date(event.at);
  const tone = toneOf(event.reason ?? event.type);
  return element(
    "li",
    {},
    element("time", { datetime: event.at }, clock(date)),
    element("span", {}, element("span", { class: "chip", "data-tone": tone }, event.type)),
    element("span", { class: "text" }, textOf(event)),
  );
}

/** @param {any} event */
function textOf(event) {
  const parts = [];
  if (event.worker !== undefined) parts.push(`worker ${event.worker}`);
  if (event.pid !== undefined) parts.push(`process ${event.pid}`);
  if (event.id !== undefined) parts.push(`#${event.id} ${event.remote}`);
  if (event.address !== undefined) parts.push(event.address);
  if (event.reason !== undefined) parts.push(event.reason);
  if (event.type === "connection-closed") {
    parts.push(`after ${duration(event.durationMs)}`, `${bytes(event.bytesIn)} in, ${bytes(event.bytesOut)} out`);
  }
  if (event.connections !== undefined) parts.push(many(event.connections, "connection"));
  if (event.drained !== undefined) parts.push(`${count(event.drained)} drained, ${count(event.aborted)} aborted`);
  if (event.waitingBytes !== undefined) parts.push(`${bytes(event.waitingBytes)} wait, ${event.policy}`);
  if (event.error !== undefined) parts.push(event.error.message);
  if (event.type === "worker-ended") parts.push(event.signal ?? `exit code ${event.exitCode}`);
  if (event.type === "worker-restarting") parts.push(`worker ${event.slot} in ${duration(event.inMs)}`);
  if (event.type === "reload-finished") parts.push(event.reloaded ? "every worker is replaced" : "not replaced");
  if (event.why !== undefined) parts.push(event.why);
  return parts.join(" · ");
}
