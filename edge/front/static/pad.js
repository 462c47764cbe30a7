// Keys to type with where there is no keyboard: digits, a date, or a short code.

import { make } from "./dom.js";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ-"];

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
 * @param {(key: string) => string} word the words for "delete" and "done"
 */
export function pad(accepts, most, read, change, done, word) {
  const add = (letter) => {
    const text = accepts === "date" ? dated(read() + letter) : read() + letter;
    if (text.length <= most || accepts === "date") change(text);
  };
  const letters = accepts === "code" ? [...LETTERS, ...DIGITS, "0"] : DIGITS;
  const keys = letters.map((letter) => padKey(letter, letter, () => add(letter)));
  keys.push(padKey("delete", word("delete"), () => change(accepts === "date" ? dated(read().replace(/-?.$/, "")) : read().slice(0, -1))));
  if (accepts !== "code") keys.push(padKey("0", "0", () => add("0")));
  keys.push(padKey("done", word("done"), done, "main"));
  return make("div", { class: "m-pad-keys", "data-accepts": accepts }, ...keys);
}

function padKey(name, text, does, kind = "") {
  const button = make("button", { type: "button", class: `m-key m-pad-key ${kind}`.trim(), "data-pad": name }, text);
  button.addEventListener("click", does);
  return button;
}
