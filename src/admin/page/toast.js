// @ts-check
import { byId, element } from "./element.js";

const SHOWN_MS = 5_000;
const MOST = 3;

/** Says something in passing. @param {string} text */
export function toast(text) {
  const list = byId("toasts", HTMLElement);
  const shown = element("div", {}, text);
  list.append(shown);
  while (list.children.length > MOST) list.firstElementChild?.remove();
  setTimeout(() => shown.remove(), SHOWN_MS);
}
