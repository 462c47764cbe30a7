// Movements that show cause and effect. Each is a copy that flies and is thrown away: the page is right without it.

const QUICK_MS = 150;
const CALM_MS = 250;
const EASE = "cubic-bezier(0.16, 0.84, 0.44, 1)";

const isStill = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Let a copy of `thing` fly onto `target`. */
function fly(thing, target, keyframesTo, duration) {
  if (isStill()) return;
  const from = thing.getBoundingClientRect();
  const to = target.getBoundingClientRect();
  const copy = thing.cloneNode(true);
  copy.removeAttribute("id");
  copy.setAttribute("aria-hidden", "true");
  copy.setAttribute("class", `${thing.getAttribute("class") ?? ""} flying`);
  for (const side of ["left", "top", "width", "height"]) copy.style[side] = `${from[side]}px`;
  document.body.append(copy);
  const x = to.left + to.width / 2 - (from.left + from.width / 2);
  const y = to.top + to.height / 2 - (from.top + from.height / 2);
  copy.animate([{ transform: "none" }, keyframesTo(x, y)], { duration, easing: EASE }).finished.finally(() => copy.remove());
}

/** A coin goes edge-on into the slot. */
export function coinToSlot(coin, slot) {
  fly(coin, slot, (x, y) => ({ transform: `translate(${x}px, ${y}px) scaleX(0.12) scaleY(0.7)` }), CALM_MS);
}

/** A product leaves its spiral and lies down in the tray. */
export function productToTray(unit, tray) {
  fly(unit, tray, (x, y) => ({ transform: `translate(${x}px, ${y}px) rotate(90deg) scale(0.6)` }), CALM_MS);
}

/** Something new has arrived here. */
export function arrive(element) {
  if (isStill()) return;
  element.animate([{ transform: "translateY(-14px)", opacity: 0 }, { transform: "none", opacity: 1 }], {
    duration: QUICK_MS,
    easing: EASE,
  });
}

let counting = 0;

/**
 * Count the number inside a money text up or down, and end on exactly that text.
 *
 * @param {HTMLElement} element shows the money
 * @param {number} from minor units shown before
 * @param {{minor: number, text: string}} money what to show in the end
 */
export function countMoney(element, from, money) {
  cancelAnimationFrame(counting);
  if (isStill() || from === money.minor) {
    element.textContent = money.text;
    return;
  }
  const start = performance.now();
  const draw = (now) => {
    const share = Math.min((now - start) / CALM_MS, 1);
    const step = Math.round((from + (money.minor - from) * share) / 10) * 10;
    element.textContent = share === 1 ? money.text : money.text.replace(/[\d,]+/, step.toLocaleString("en"));
    if (share < 1) counting = requestAnimationFrame(draw);
  };
  counting = requestAnimationFrame(draw);
}
