// The customer's touchscreen in a browser: what a machine without an emulated cabinet shows. Sizes are millimetres of
// the panel; everything to press is at least 15 mm. It draws the view and sends presses back; it decides nothing.

import { $, held, label, make, setAttribute, setText } from "./dom.js";
import { fillSheet, isToldBySheet } from "./touch_sheets.js";

const TARGET_MM = 15;
const TILE_MM = 30; // narrower ones would break names over three lines
const ROW_MM = 26;
const PANELS = { "800x480": 7, "1024x600": 7, "1280x800": 10.1, "1080x1920": 21.5 }; // inches
const SHADED = new Set(["sold_out", "locked", "empty"]);

let page = 0;
let shown = null;
let press = () => {};

/** Make the screen once. `send` takes an intent. */
export function buildTouch(send) {
  press = send;
  addEventListener("resize", () => shown && showTouch(shown));
  $("t-attract").addEventListener("click", () => press({ intent: "wake" }));
  held($("t-credit"), () => press({ intent: "maintenance", do: "open" }));
}

/** Nothing of it is on the page beside an emulated cabinet: a tile must not be there twice. */
export function hideTouch() {
  shown = null;
  for (const id of ["t-shelf", "t-keys", "t-sheet", "t-attract"]) $(id).replaceChildren();
}

/** Draw a view. */
export function showTouch(view) {
  shown = view;
  const mm = measure(view);
  const places = room(mm, view);
  const pages = Math.max(1, Math.ceil(view.tiles.length / places.fit));
  page %= pages;
  showHead(view);
  showTiles(view.tiles.slice(page * places.fit, (page + 1) * places.fit), places);
  showKeys(view, pages);
  showSide(view);
  fillSheet(view, press);
  showAttract(view);
}

/** Pixels of a millimetre, as variables of the page: of a known panel, else of a phone's 44 px for 15 mm. */
export function measure(view) {
  const isPanel = document.body.dataset.world === "none"; // beside a cabinet the window is a computer's
  const inches = isPanel ? PANELS[`${innerWidth}x${innerHeight}`] : undefined;
  const mm = inches ? Math.hypot(innerWidth, innerHeight) / (inches * 25.4) : 44 / TARGET_MM;
  const root = document.documentElement;
  root.style.setProperty("--mm", `${mm}px`);
  root.dataset.panel = inches ? "known" : "phone";
  root.dataset.shape = innerWidth > innerHeight ? "wide" : "tall";
  root.dataset.low = String(Boolean(view?.is_low) && inches > 15);
  return mm;
}

function room(mm, view) {
  const root = document.documentElement.dataset;
  const shelf = $("t-shelf").getBoundingClientRect();
  const columns = Math.max(2, Math.min(4, Math.floor(shelf.width / (TILE_MM * mm))));
  if (root.panel === "phone") return { columns, rows: Math.ceil(view.tiles.length / columns), fit: view.tiles.length || 1 };
  const rows = Math.max(1, Math.min(Math.ceil(view.tiles.length / columns), Math.floor(shelf.height / (ROW_MM * mm))));
  return { columns, rows, fit: columns * rows };
}

function showHead(view) {
  $("t-message").hidden = isToldBySheet(view);
  setText($("t-credit-text"), view.credit.text);
  setText($("t-credit-label"), label("credit"));
  setAttribute($("t-message"), "data-tone", view.message.tone);
  setText($("t-message-text"), view.message.text);
  setText($("t-notice"), view.notice);
  $("t-notice").hidden = view.notice === "";
}

function showTiles(tiles, { columns, rows }) {
  const shelf = $("t-shelf");
  shelf.style.setProperty("--columns", columns);
  shelf.style.setProperty("--rows", rows);
  const names = tiles.map(({ slot }) => slot).join();
  if (shelf.dataset.slots !== names || shelf.childElementCount !== tiles.length) {
    shelf.dataset.slots = names;
    shelf.replaceChildren(...tiles.map(({ slot }) => makeTile(slot)));
  }
  tiles.forEach((tile, place) => fillTile(shelf.children[place], tile));
}

function makeTile(slot) {
  const parts = ["t-picture", "t-name", "t-price", "t-list", "t-band", "t-sign"].map((name) =>
    make(name === "t-picture" ? "img" : name === "t-list" ? "s" : "span", { class: name }),
  );
  setAttribute(parts[0], "alt", "");
  const button = make("button", { type: "button", class: "t-tile", "data-slot": slot }, ...parts);
  button.addEventListener("click", () => press({ intent: "select", slot }));
  return button;
}

function fillTile(button, tile) {
  const [picture, name, price, list, band, sign] = button.children;
  const source = `/static/art/${tile.picture}.svg`;
  picture.hidden = !tile.picture;
  if (tile.picture) setAttribute(picture, "src", source);
  setText(name, tile.name);
  setText(price, tile.price_text);
  setText(list, tile.list_price_text);
  setText(band, tile.temperature_text);
  setText(sign, SHADED.has(tile.state) ? tile.state_text : "");
  setAttribute(button, "data-state", tile.state);
  setAttribute(button, "data-temperature", tile.temperature);
  setAttribute(button, "aria-pressed", String(tile.state === "chosen"));
  const said = [tile.slot, tile.name, tile.price_text, tile.temperature_text, tile.state_text];
  setAttribute(button, "aria-label", said.filter(Boolean).join(label("list_separator")));
}

function showKeys(view, pages) {
  const keys = meanings(view, pages);
  const names = keys.map(({ name }) => name).join();
  if ($("t-keys").dataset.names !== names || $("t-keys").childElementCount !== keys.length) {
    $("t-keys").dataset.names = names;
    $("t-keys").replaceChildren(...keys.map(({ name }) => make("button", { type: "button", class: "t-key", "data-key": name })));
  }
  keys.forEach(({ text, enabled, does }, place) => {
    const button = $("t-keys").children[place];
    setText(button, text);
    button.disabled = !enabled;
    button.onclick = does;
  });
}

function meanings(view, pages) {
  const found = view.buttons
    .filter(({ intent }) => intent !== "stay")
    .map(({ intent, text, enabled }) => ({ name: intent, text, enabled, does: () => press({ intent }) }));
  const other = view.languages.find(({ code }) => code !== view.language);
  const add = (name, text, does) => found.push({ name, text, enabled: true, does });
  if (other) add("language", other.label, () => press({ intent: "language", code: other.code }));
  if (view.clerk) add("clerk", label("clerk_key"), () => press({ intent: "clerk_open" }));
  if (document.documentElement.dataset.shape === "tall" && document.documentElement.dataset.panel === "known") {
    add("low", label(view.is_low ? "high_position" : "low_position"), () => press({ intent: "low_position" }));
  }
  if (pages > 1) add("page", label("next_page"), turnPage);
  return found;
}

function turnPage() {
  page += 1;
  showTouch(shown);
}

/** Beside the keys: what was bought so far, or else how one can pay. */
function showSide(view) {
  const { cart, ways } = view;
  const isWide = document.documentElement.dataset.shape === "wide";
  $("t-side").hidden = !cart && isWide && view.notice !== ""; // the notice says what works, and takes the room
  const rows = cart
    ? [[cart.title, ""], [cart.total_text, ""], [cart.left_text, ""], [cart.hint, ""]]
    : ways.map((way) => [`${way.is_working ? "○" : "×"} ${way.text}`, way.is_working ? "" : way.standing]);
  const key = JSON.stringify(rows);
  if ($("t-side").dataset.key === key) return;
  $("t-side").dataset.key = key;
  setAttribute($("t-side"), "data-kind", cart ? "cart" : "ways");
  const lines = rows.filter(([one]) => one).map(([one, other]) => make("li", {}, make("span", {}, one), make("span", {}, other)));
  $("t-side").replaceChildren(...lines);
}

function showAttract({ attract, tiles }) {
  $("t-attract").hidden = !attract;
  const key = JSON.stringify(attract ?? "");
  if (!attract || ($("t-attract").dataset.key === key && $("t-attract").childElementCount)) return;
  $("t-attract").dataset.key = key;
  const goods = attract.slots.map((slot) => tiles.find((tile) => tile.slot === slot)).filter((tile) => tile?.picture);
  $("t-attract").replaceChildren(
    make("span", { class: "t-goods" }, ...goods.map(({ picture }) => make("img", { src: `/static/art/${picture}.svg`, alt: "" }))),
    ...attract.greetings.map(({ language, title, hint }) =>
      make("span", { class: "t-greeting", lang: language }, make("strong", {}, title), make("span", {}, hint)),
    ),
  );
}
