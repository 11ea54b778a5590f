// @ts-check
import { element, setText } from "./element.js";
import { count } from "./format.js";
import { toneOf } from "./tones.js";

const MOST = 5;

/** A card with the ends since the server listens, by reason. */
export class ReasonsCard {
  #note = element("span", {}, "since it listens");
  #list = element("ul", { class: "reasons" });
  #none = element("p", { class: "empty" }, "No connection has ended yet.");
  card = element(
    "article",
    { class: "card", id: "card-ends" },
    element("header", {}, element("h2", {}, "Ends by reason"), this.#note),
    this.#list,
    this.#none,
  );

  /** @param {Record<string, number>} ends */
  update(ends) {
    const sorted = Object.entries(ends).toSorted(([, one], [, other]) => other - one);
    const total = sorted.reduce((sum, [, number]) => sum + number, 0);
    const shown = sorted.length > MOST ? sorted.slice(0, MOST - 1) : sorted;
    const rest = sorted.slice(shown.length);
    if (rest.length > 0) shown.push([`${rest.length} others`, rest.reduce((sum, [, number]) => sum + number, 0)]);
    const most = Math.max(...shown.map(([, number]) => number), 1);
    this.#list.replaceChildren(
      ...shown.map(([reason, number]) => {
        const bar = element("i");
        bar.style.width = `${(100 * number) / most}%`;
        return element(
          "li",
          { "data-tone": toneOf(reason) },
          element("span", { title: reason }, reason),
          element("span", { class: "meter" }, bar),
          element("span", { class: "number" }, count(number)),
        );
      }),
    );
    this.#list.hidden = shown.length === 0;
    this.#none.hidden = shown.length > 0;
    setText(this.#note, total === 0 ? "" : `${count(total)} since it listens`);
  }
}
