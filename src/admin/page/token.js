// @ts-check
import { byId } from "./element.js";

/** Of the session only: another tab, and the next start of the browser, know nothing of it. */
const KEY = "spillway-admin-token";

/** @returns {string | undefined} */
export function storedToken() {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

/**
 * Asks the user for the token.
 *
 * @param {boolean} wrong whether the one before was wrong
 * @returns {Promise<string | undefined>}
 */
export function askToken(wrong) {
  const dialog = byId("token-dialog", HTMLDialogElement);
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  byId("token-wrong", HTMLElement).hidden = !wrong;
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  input.focus();
  // Enter would press the first button of the form, which is Cancel.
  input.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    dialog.close("use");
  };
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const token = input.value.trim();
        input.value = "";
        if (dialog.returnValue !== "use" || token === "") return resolve(undefined);
        sessionStorage.setItem(KEY, token);
        resolve(token);
      },
      { once: true },
    );
  });
}
