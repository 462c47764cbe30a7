// The maintenance screens: a page of blocks, and keys below it. Sheets are turned, nothing scrolls. What is typed is kept
// here until it is whole; digits of a PIN are never shown.

import { $, make } from "./dom.js";
import { drawCode } from "./code.js";
import { pad } from "./pad.js";

const MARKS = { ok: "○", warn: "!", sorry: "×", neutral: "" };

let press = () => {};
let shown = null;
let shownKey = "";
const sheets = new Map(); // page name -> sheet that was shown
let typed = ""; // into the keypad of this page
let open = null; // the field that is being typed into

/** Make it once; `send` takes an intent. */
export function buildMaintenance(send) {
  press = send;
  addEventListener("resize", () => shown && draw());
  addEventListener("keydown", takeKey);
}

/** Draw the maintenance view, or go away when there is none. */
export function showMaintenance(view) {
  $("maintenance").hidden = !view;
  for (const element of document.querySelectorAll(".machine, #touch")) element.inert = Boolean(view);
  if (!view) {
    shown = null;
    shownKey = typed = "";
    open = null;
    sheets.clear();
    $("maintenance").replaceChildren();
    return;
  }
  if (shown?.page.name !== view.page.name) {
    typed = "";
    open = null;
  }
  const key = JSON.stringify(view);
  shown = view;
  if (key !== shownKey) draw();
  shownKey = key;
}

const send = (name) => press({ intent: "maintenance", do: "press", name });
const enter = (name, value) => press({ intent: "maintenance", do: "enter", name, value: String(value) });
const word = (key, values = {}) => (shown.labels[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

function draw() {
  const { page, staff, standing } = shown;
  const focused = document.activeElement?.dataset?.name;
  const blocks = page.blocks.flatMap((block, place) => drawBlock(block, place));
  const body = make("section", { class: "m-body" }, ...blocks);
  const head = make(
    "header",
    { class: "m-head" },
    make("h1", {}, page.title),
    make("p", { class: "m-sheet" }),
    make("p", {}, [staff, standing].filter(Boolean).join(" · ")),
  );
  const foot = make("footer", { class: "m-foot" });
  const parts = [head, body, foot];
  if (page.trouble) parts.splice(1, 0, make("p", { class: "m-trouble", role: "alert" }, `${MARKS.sorry} ${page.trouble}`));
  $("maintenance").dataset.page = page.name;
  $("maintenance").replaceChildren(...parts);
  fillFoot(foot, body, blocks);
  if (open) $("maintenance").append(drawPad());
  if (focused) $("maintenance").querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
}

/** Share the blocks out over sheets, show one of them, and put the keys below it. */
function fillFoot(foot, body, blocks) {
  const { page } = shown;
  const keys = page.keys.map(({ action, text, is_main: isMain, enabled }) => {
    const button = key(action, text, () => send(action), isMain ? "main" : "");
    button.disabled = !enabled;
    return button;
  });
  foot.replaceChildren(key("close", word("close"), () => press({ intent: "maintenance", do: "close" })), ...keys);
  foot.dataset.many = String(keys.length > 1);
  let cuts = share(body, blocks);
  const turn = (by) => {
    sheets.set(page.name, (sheets.get(page.name) ?? 0) + by);
    draw();
  };
  if (cuts.length > 1) {
    const before = key("sheet-before", word("before"), () => turn(-1));
    const next = key("sheet-next", word("next"), () => turn(1));
    foot.append(make("div", { class: "m-turn" }, before, next));
    cuts = share(body, blocks);
    const now = Math.max(0, Math.min(sheets.get(page.name) ?? 0, cuts.length - 1));
    sheets.set(page.name, now);
    before.disabled = now === 0;
    next.disabled = now === cuts.length - 1;
    document.querySelector(".m-sheet").textContent = word("sheet", { sheet: now + 1, sheets: cuts.length });
    const [from, to] = cuts[now];
    blocks.forEach((block, place) => (block.hidden = place < from || place >= to));
  }
}

function share(body, blocks) {
  for (const block of blocks) block.hidden = false;
  const room = body.clientHeight;
  const cuts = [];
  let from = 0;
  for (let place = 0; place < blocks.length; place += 1) {
    const tall = blocks[place].offsetTop + blocks[place].offsetHeight - blocks[from].offsetTop;
    if (tall > room && place > from) {
      cuts.push([from, place]);
      from = place;
    }
  }
  if (blocks.length) cuts.push([from, blocks.length]);
  return cuts;
}

function key(name, text, does, kind = "") {
  const button = make("button", { type: "button", class: `m-key ${kind}`.trim(), "data-name": name }, text);
  button.addEventListener("click", does);
  return button;
}

const marked = (text, tone) => (MARKS[tone] ? `${MARKS[tone]} ${text}` : text);
const small = (text) => (text ? [make("small", {}, text)] : []);

const DRAW = {
  note: ({ text, tone }) => make("p", { class: "m-note", "data-tone": tone }, marked(text, tone)),
  fact: ({ label, value, tone, detail }) =>
    make("div", { class: "m-row m-fact", "data-tone": tone }, make("span", { class: "m-words" }, label, ...small(detail)), make("b", {}, marked(value, tone))),
  item: ({ action, text, detail, badge, tone, enabled }) => {
    const words = make("span", { class: "m-words" }, marked(text, tone), ...small(detail));
    const button = make("button", { type: "button", class: "m-row m-item", "data-tone": tone, "data-name": action }, words, make("b", {}, badge));
    button.disabled = !enabled;
    button.addEventListener("click", () => send(action));
    return button;
  },
  stepper: (block) => {
    const { field, label, value, least, most, step, unit, detail } = block;
    const to = (next) => () => enter(field, Math.max(least, Math.min(most, next)));
    const less = key(`${field}-less`, "−", to(value - step));
    const more = key(`${field}-more`, "+", to(value + step));
    less.setAttribute("aria-label", `${label} −${step}`);
    more.setAttribute("aria-label", `${label} +${step}`);
    less.disabled = value <= least;
    more.disabled = value >= most;
    const number = key(field, `${value.toLocaleString("en")}${unit}`, () => type({ field, label, accepts: "digits", most: String(most).length, value: "" }), "m-number");
    return make("div", { class: "m-row" }, make("span", { class: "m-words" }, label, ...small(detail)), make("span", { class: "m-step" }, less, number, more));
  },
  entry: ({ field, label, value, accepts, most, detail, tone }) => {
    const words = make("span", { class: "m-words" }, label, ...small(detail));
    const button = make("button", { type: "button", class: "m-row m-entry", "data-tone": tone, "data-name": field }, words, make("b", {}, marked(value || "…", tone)));
    button.addEventListener("click", () => type({ field, label, accepts, most, value }));
    return button;
  },
  keypad: ({ field, label, most, enabled }) => {
    const dots = make("output", { class: "m-dots" }, "●".repeat(typed.length));
    const change = (next) => {
      typed = next;
      dots.textContent = "●".repeat(typed.length);
    };
    const done = () => {
      const whole = typed;
      change("");
      if (whole) enter(field, whole);
    };
    const box = make("div", { class: "m-keypad", "data-field": field }, make("p", {}, label), dots, pad("digits", most, () => typed, change, done, word));
    box.inert = !enabled;
    return box;
  },
  picture: ({ name, caption }) =>
    make("figure", { class: "m-picture" }, make("img", { src: `/static/art/guide/${name}.svg`, alt: "" }), make("figcaption", {}, caption)),
  code: (block) => make("figure", { class: "m-code" }, drawCode(block), make("figcaption", {}, block.caption)),
};

/** The elements of a block: one, or for a log one a line, so that it goes on on the next sheet. */
function drawBlock(block, place) {
  if (block.kind === "lines") return block.lines.map((line) => make("p", { class: "m-line" }, line));
  const element = (DRAW[block.kind] ?? DRAW.note)(block);
  element.dataset.block = place;
  return [element];
}

function type(field) {
  open = { ...field, typed: field.value };
  draw();
}

function drawPad() {
  const { field, label, accepts, most } = open;
  const shownText = make("output", { class: "m-dots" }, open.typed || "…");
  const change = (next) => {
    open.typed = next;
    shownText.textContent = next || "…";
  };
  const leave = () => {
    open = null;
    draw();
  };
  const done = () => {
    const value = open.typed;
    open = null;
    if (value) enter(field, value);
    draw();
  };
  const box = make("section", { class: "m-pad", role: "dialog", "aria-modal": "true", "aria-label": label });
  open.leave = leave;
  box.append(make("h2", {}, label), shownText, pad(accepts, most, () => open.typed, change, done, word, open));
  if (accepts !== "code") box.append(key("pad-close", word("close"), leave));
  return box;
}

/** A keyboard, where there is one, types into the open field or the keypad. */
function takeKey(event) {
  if (!shown || event.ctrlKey || event.metaKey) return;
  const keys = [...$("maintenance").querySelectorAll(open ? ".m-pad .m-pad-key" : ".m-keypad .m-pad-key")];
  const wanted = { Backspace: "delete", Enter: "done" }[event.key] ?? event.key.toUpperCase();
  if (event.key === "Escape" && open) $("maintenance").querySelector('[data-name="pad-close"]').click();
  if (event.key === "Enter" && document.activeElement?.tagName === "BUTTON" && !document.activeElement.classList.contains("m-pad-key")) return;
  const hit = keys.find((one) => one.dataset.pad === wanted);
  if (!hit) return;
  event.preventDefault();
  hit.click();
}
