// Beside the emulated cabinet: what the display says besides its message, and the code to take along.

import { $, label, make } from "./dom.js";
import { drawCode } from "./code.js";

/** Show what is chosen, bought or under way, in a few lines; a claim as a code over the shelf. */
export function showExtras(view) {
  const lines = linesOf(view);
  fill($("extra"), lines, () => lines.map((line) => make("li", {}, line)));
  const { code } = view;
  fill($("claim"), code ? [code.says, code.caption] : [], () => [drawCode(code), make("figcaption", {}, code.caption)]);
}

function linesOf({ detail, cart, stages, attract }) {
  if (stages.length) return stages.map(({ standing_text: standing, text }) => `${standing} ${text}`);
  if (cart) return [cart.title, `${cart.total_text} ${cart.left_text}`];
  if (detail) return [`${detail.name} ${detail.price_text}`, `${label("detail_allergens")}: ${detail.allergens}`];
  if (attract) return attract.greetings.map(({ title }) => title);
  return [];
}

function fill(place, content, draw) {
  const key = JSON.stringify(content);
  place.hidden = content.length === 0;
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...(content.length ? draw() : []));
}
