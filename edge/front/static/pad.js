// Keys to type with where there is no keyboard: digits, a date, or a short code.

import { make } from "./dom.js";

const DIGITS = [..."123456789"];
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const FIGURES = [..."1234567890"];

/** A date grows its dashes by itself: 20261121 becomes 2026-11-21. */
function dated(text) {
  const digits = text.replace(/\D/g, "").slice(0, 8);
  return [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].filter(Boolean).join("-");
}

/**
 * A pad of keys.
 *
 * @param {"digits" | "code" | "date"} accepts
 * @param {number} most characters that are taken
 * @param {() => string} read what is typed so far
 * @param {(text: string) => void} change called with what is typed then
 * @param {() => void} done
 * @param {(key: string) => string} word the words for "delete", "done" and "close"
 * @param {{leave?: () => void, isFigures?: boolean}} kept of a code: what its key "close" does, and which layer is up;
 *   written back, so that the layer stays up when the page is drawn again
 */
export function pad(accepts, most, read, change, done, word, kept = {}) {
  const add = (letter) => {
    const text = accepts === "date" ? dated(read() + letter) : read() + letter;
    if (text.length <= most || accepts === "date") change(text);
  };
  const typing = (letter) => padKey(letter, letter, () => add(letter));
  const erase = padKey("delete", word("delete"), () => change(accepts === "date" ? dated(read().replace(/-?.$/, "")) : read().slice(0, -1)));
  const finish = padKey("done", word("done"), done, "main");
  const keys = accepts === "code" ? layered(typing, kept) : [...DIGITS.map(typing), erase, typing("0"), finish];
  if (accepts === "code") {
    const close = padKey("close", word("close"), kept.leave);
    close.dataset.name = "pad-close";
    keys.push(erase, close, finish);
  }
  return make("div", { class: "m-pad-keys", "data-accepts": accepts }, ...keys);
}

/** Letters or figures, for keys as large as fingers. Both are there, so that a keyboard reaches the hidden ones too. */
function layered(typing, kept) {
  const letters = LETTERS.map(typing);
  const figures = FIGURES.map(typing);
  const turn = padKey("layer", "", () => show(!kept.isFigures));
  const show = (isFigures) => {
    kept.isFigures = isFigures;
    for (const one of letters) one.hidden = isFigures;
    for (const one of figures) one.hidden = !isFigures;
    turn.textContent = isFigures ? "ABC" : "123";
  };
  show(Boolean(kept.isFigures));
  return [...letters, ...figures, typing("-"), turn];
}

function padKey(name, text, does, kind = "") {
  const button = make("button", { type: "button", class: `m-key m-pad-key ${kind}`.trim(), "data-pad": name }, text);
  button.addEventListener("click", does);
  return button;
}
