// @ts-check
import { getJson } from "./admin_client.js";
import { byId, element, setText } from "./element.js";
import { count } from "./format.js";
import { Rows } from "./rows.js";

/** The largest groups. */
export class GroupsPanel {
  #empty = byId("no-groups", HTMLElement);
  /** @type {Rows<{ name: string, size: number }>} */
  #rows;
  #largest = 1;

  /** @param {(name: string) => void} onChoose */
  constructor(onChoose) {
    this.#rows = new Rows(
      byId("groups", HTMLElement),
      ({ name }) => name,
      ({ name }) => {
        const button = element("button", { type: "button", class: "link" }, name);
        button.addEventListener("click", () => onChoose(name));
        const bar = element("span", { class: "meter", "data-tone": "good" }, element("i"));
        return element(
          "tr",
          {},
          element("td", { class: "cut" }, button),
          element("td", { class: "number" }),
          element("td", { class: "share" }, bar),
        );
      },
      (row, { size }) => {
        const [, number, share] = row.cells;
        if (number !== undefined) setText(number, count(size));
        const bar = share?.querySelector("i");
        if (bar) bar.style.width = `${(100 * size) / this.#largest}%`;
      },
    );
  }

  async refresh() {
    const { groups } = await getJson("/groups?limit=100");
    this.#largest = Math.max(1, groups[0]?.size ?? 1);
    this.#rows.show(groups);
    this.#empty.hidden = groups.length > 0;
  }
}
