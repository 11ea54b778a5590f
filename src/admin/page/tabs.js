// @ts-check

/** Tabs by the pattern of ARIA: arrows move between them, and only the chosen one is in the order of Tab. */
export class Tabs {
  /** @type {HTMLElement[]} */
  #tabs;
  #onChoose;
  chosen = "";

  /** @param {(name: string) => void} onChoose */
  constructor(onChoose) {
    this.#tabs = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[role=tab]"))];
    this.#onChoose = onChoose;
    for (const [at, tab] of this.#tabs.entries()) {
      tab.addEventListener("click", () => this.choose(nameOf(tab)));
      tab.addEventListener("keydown", (event) => this.#onKey(event, at));
    }
    this.choose(nameOf(/** @type {HTMLElement} */ (this.#tabs[0])));
  }

  /** @param {string} name */
  choose(name) {
    this.chosen = name;
    for (const tab of this.#tabs) {
      const selected = nameOf(tab) === name;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      const panel = document.getElementById(`panel-${nameOf(tab)}`);
      if (panel !== null) panel.hidden = !selected;
    }
    this.#onChoose(name);
  }

  /** @param {number} at */
  chooseAt(at) {
    const tab = this.#tabs[at];
    if (tab !== undefined && !tab.hidden) this.choose(nameOf(tab));
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} at
   */
  #onKey(event, at) {
    const last = this.#tabs.findLastIndex((tab) => !tab.hidden);
    /** @type {Record<string, number>} */
    const targets = { ArrowLeft: at === 0 ? last : at - 1, ArrowRight: at >= last ? 0 : at + 1, Home: 0, End: last };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.chooseAt(target);
    this.#tabs[target]?.focus();
  }
}

/** @param {HTMLElement} tab */
function nameOf(tab) {
  return tab.id.replace("tab-", "");
}
