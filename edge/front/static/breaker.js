// The drawer "break something": what goes wrong in a street, done to the emulated machine. Each key says what is so now.

import { $, label, make, setAttribute, setText } from "./dom.js";

const THINGS = ["beam", "change", "coins", "line"];
let chosen = "";

/** Make the drawer once; `act` takes a deed at the world. */
export function buildBreaker(act) {
  $("breaker-toggle").addEventListener("click", () => {
    $("breaker").hidden = !$("breaker").hidden;
    setAttribute($("breaker-toggle"), "aria-expanded", String(!$("breaker").hidden));
  });
  const slot = make("select", { id: "breaker-slot" });
  slot.addEventListener("change", () => {
    chosen = slot.value;
  });
  const keys = ["slot", ...THINGS, "power"].map((thing) => {
    const button = make("button", { type: "button", class: "breaker-key", "data-break": thing });
    button.addEventListener("click", () => {
      const does = button.getAttribute("aria-pressed") === "true" ? "mend" : "break";
      act({ do: `${does}_${thing}`, ...(thing === "slot" ? { slot: $("breaker-slot").value } : {}) });
    });
    return button;
  });
  $("breaker-keys").append(slot, ...keys);
}

/** Show what is broken now, and how warm it is inside. */
export function showBreaker({ slots, broken, celsius }, again) {
  setText($("breaker-toggle"), label("break"));
  setText($("breaker-note"), label("break_note"));
  setText($("celsius"), label("celsius", { cold: celsius.cold.toFixed(1), hot: celsius.hot.toFixed(1) }));
  const select = $("breaker-slot");
  setAttribute(select, "aria-label", label("break_which"));
  select.onchange ??= again;
  const names = Object.keys(slots);
  if (select.childElementCount !== names.length) {
    select.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
    select.value = chosen || names[0];
  }
  const isBroken = { ...broken, slot: broken.slots.includes(select.value), power: false };
  for (const button of $("breaker-keys").querySelectorAll("button")) {
    const thing = button.dataset.break;
    button.hidden = !(thing in isBroken);
    if (thing !== "power") setAttribute(button, "aria-pressed", String(isBroken[thing]));
    const does = isBroken[thing] ? "mend" : "break";
    setText(button, label(`${does}_${thing}`, { slot: select.value }));
  }
}
