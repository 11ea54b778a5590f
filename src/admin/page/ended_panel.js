// @ts-check
import { getJson } from "./admin_client.js";
import { byId, element, setText } from "./element.js";
import { bytes, clock, count, duration } from "./format.js";
import { Rows } from "./rows.js";
import { toneOf } from "./tones.js";

/** The last connections that have ended. */
export class EndedPanel {
  #form = byId("ended-filter", HTMLFormElement);
  #choice = /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem("reason"));
  #range = byId("ended-range", HTMLOutputElement);
  #empty = byId("no-ended", HTMLElement);
  #rows = new Rows(
    byId("ended", HTMLElement),
    ({ at, id }) => `${at} ${id}`,
    makeRow,
    () => undefined,
  );

  /** @param {() => void} onChange asks for an update at once */
  constructor(onChange) {
    this.#choice.addEventListener("change", onChange);
  }

  /** @param {readonly string[]} reasons those that there are */
  setReasons(reasons) {
    const known = new Set([...this.#choice.options].map(({ value }) => value));
    for (const reason of reasons)
      if (!known.has(reason)) this.#choice.append(element("option", { value: reason }, reason));
  }

  async refresh() {
    const reason = this.#choice.value;
    const query = new URLSearchParams({ limit: "100", ...(reason !== "" && { reason }) });
    const { closed, matching, total } = await getJson(`/closed?${query}`);
    this.#rows.show(closed);
    this.#empty.hidden = closed.length > 0;
    setText(this.#empty, total === 0 ? "Nothing has ended yet." : "None of the last ends has this reason.");
    setText(this.#range, total === 0 ? "" : `the last ${count(closed.length)} of ${count(matching)} that are kept`);
  }
}

/** @param {any} end */
function makeRow({ at, bytesIn, bytesOut, durationMs, error, framesIn, framesOut, id, reason, remote }) {
  const date = new Date(at);
  return element(
    "tr",
    {},
    element("td", { class: "quiet", title: date.toLocaleString() }, clock(date)),
    element("td", { class: "number" }, String(id)),
    element("td", { class: "mono cut" }, remote),
    element("td", {}, element("span", { class: "chip", "data-tone": toneOf(reason) }, reason)),
    element("td", { class: "number wide" }, duration(durationMs)),
    element("td", { class: "number wide" }, `${count(framesIn)} / ${count(framesOut)}`),
    element("td", { class: "number wide" }, `${bytes(bytesIn)} / ${bytes(bytesOut)}`),
    element("td", { class: "cut wider quiet", title: error?.message ?? "" }, error?.message ?? ""),
  );
}
