// The goods behind the glass: one tile per slot with its spiral, its row of products and its price.

import { $, label, make, setAttribute, setText } from "./dom.js";
import { productToTray } from "./motion.js";

const DEEPEST = 4; // units drawn behind one another; more cannot be told apart
const tiles = new Map();

/** Draw the tiles of the view. A tile keeps its element, so focus and movement survive every update. */
export function showTiles(view, select) {
  for (const tile of view.tiles) {
    if (!tiles.has(tile.slot)) tiles.set(tile.slot, addTile(tile.slot, select));
    updateTile(tiles.get(tile.slot), tile);
  }
}

function addTile(slot, select) {
  const parts = {
    stage: make("span", { class: "stage", "aria-hidden": "true" }),
    code: make("span", { class: "code" }, slot),
    price: make("span", { class: "price" }),
    listPrice: make("s", { class: "list-price" }),
    name: make("span", { class: "name" }),
    band: make("span", { class: "band" }),
    sign: make("span", { class: "state-sign" }),
    units: 0,
    picture: "",
  };
  const card = make("span", { class: "card" }, parts.code, parts.price, parts.name, parts.band);
  parts.button = make("button", { type: "button", class: "slot", "data-slot": slot }, parts.stage, parts.sign, parts.listPrice, card);
  parts.button.addEventListener("click", () => select(slot));
  $("slots").append(make("li", {}, parts.button));
  return parts;
}

function updateTile(parts, tile) {
  setAttribute(parts.button, "data-state", tile.state);
  setAttribute(parts.button, "data-temperature", tile.temperature);
  setAttribute(parts.button, "aria-pressed", String(tile.state === "chosen"));
  setText(parts.price, tile.price_text);
  setText(parts.listPrice, tile.list_price_text);
  setText(parts.name, tile.name);
  setText(parts.band, tile.temperature_text);
  setText(parts.sign, ["sold_out", "locked", "empty"].includes(tile.state) ? tile.state_text : "");
  const said = [tile.slot, tile.name, tile.price_text, tile.temperature_text, tile.state_text];
  setAttribute(parts.button, "aria-label", said.filter(Boolean).join(label("list_separator")));
  if (parts.picture !== tile.picture) {
    parts.picture = tile.picture;
    parts.stage.replaceChildren();
    parts.units = 0;
  }
  if (parts.units === 0 && document.body.dataset.world === "none" && tile.state !== "empty") fill(parts, 1);
}

/** Show what the simulated world holds: how many units stand in each spiral, and which spiral turns. */
export function showSlots(slots) {
  for (const [slot, { units, turning }] of Object.entries(slots)) {
    const parts = tiles.get(slot);
    if (!parts) continue;
    setAttribute(parts.button, "data-turning", String(turning));
    if (units !== parts.units || !parts.stage.firstChild) fill(parts, units);
  }
}

function fill(parts, units) {
  const shown = [...parts.stage.querySelectorAll(".unit")]; // front unit first
  const fell = parts.units - units;
  if (fell > 0 && fell < shown.length + 1 && parts.units > 0) {
    for (const unit of shown.splice(0, fell)) {
      productToTray(unit, $("tray"));
      unit.remove();
    }
  }
  parts.units = units;
  const wanted = Math.min(units, DEEPEST);
  while (shown.length > wanted) shown.pop().remove();
  while (shown.length < wanted) {
    const unit = make("img", { class: "unit", src: `/static/art/${parts.picture}.svg`, alt: "", draggable: "false" });
    parts.stage.append(unit);
    shown.push(unit);
  }
  shown.forEach((unit, place) => unit.style.setProperty("--place", place));
  if (!parts.stage.querySelector(".ring")) addRings(parts.stage);
}

function addRings(stage) {
  for (let place = 0; place <= DEEPEST; place += 1) {
    const ring = make("span", { class: place === 0 ? "ring front" : "ring" });
    ring.style.setProperty("--place", place);
    stage.append(ring);
  }
}
