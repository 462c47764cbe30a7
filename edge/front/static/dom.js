// Small helpers for building and filling the page.

export const $ = (id) => document.getElementById(id);

/** Make an element: `make("button", {type: "button", class: "key"}, "A")`. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Change text only when it differs, so that a live region does not speak twice. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Change an attribute only when it differs. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

const HOLD_MS = 3000;

/** Call `does` when a finger has stayed on the element for three seconds: how staff without a door key ask to come in. */
export function held(element, does) {
  let timer = 0;
  element.addEventListener("pointerdown", () => (timer = setTimeout(does, HOLD_MS)));
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) element.addEventListener(end, () => clearTimeout(timer));
}

let labels = {};

/** Take the fixed texts of the current language and put them where `data-text` and `data-label` ask for them. */
export function useLabels(newLabels) {
  labels = newLabels;
  for (const element of document.querySelectorAll("[data-text]")) setText(element, label(element.dataset.text));
  for (const element of document.querySelectorAll("[data-label]")) {
    setAttribute(element, "aria-label", label(element.dataset.label));
  }
}

/** A fixed text with its `{names}` filled in. A missing one shows its key: a hole must be seen, not hidden. */
export function label(key, values = {}) {
  const text = labels[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const hasLabels = () => Object.keys(labels).length > 0;
