// The right-hand side: display, keypad, coins, return lever, and what lies in the cup and the tray.

import { $, held, label, make, setAttribute, setText } from "./dom.js";
import { arrive, coinToSlot, countMoney } from "./motion.js";

const KEYS = ["A", "B", "C", "clear", "1", "2", "3", "4"];
const FOREIGN_COIN = 1; // stands for every coin the acceptor does not know
let shownCredit = 0;
let shownCup = "";
let shownTray = "";

/** Build the keypad once; the credit above it can be held, as on the touchscreen. */
export function buildKeypad(press) {
  held($("credit"), () => press({ intent: "maintenance", do: "open" }));
  for (const key of KEYS) {
    const button = make("button", { type: "button", class: "key", "data-key": key });
    button.textContent = key === "clear" ? "" : key;
    if (key === "clear") button.dataset.intent = "clear";
    button.addEventListener("click", () => press(key === "clear" ? { intent: "clear" } : { intent: "key", key }));
    $("keypad").append(button);
  }
}

/** Show the texts, money and buttons of the customer's view. */
export function showPanel(view, press) {
  countMoney($("credit"), shownCredit, view.credit);
  shownCredit = view.credit.minor;
  setText($("entered"), `${view.keypad.entered}__`.slice(0, 2));
  setAttribute($("message"), "data-tone", view.message.tone);
  setText($("message-text"), view.message.text);
  setText($("notice"), view.notice);
  $("notice").hidden = view.notice === "";
  showLanguages(view, press);
  const clear = view.buttons.find(({ intent }) => intent === "clear");
  if (clear) setText($("keypad").querySelector("[data-intent=clear]"), clear.text);
  showStay(view.buttons.find(({ intent }) => intent === "stay"), press);
  const levers = view.buttons.filter(({ intent }) => intent !== "clear" && intent !== "stay"); // those have places
  showButtons(levers, press);
}

function showLanguages(view, press) {
  if ($("languages").childElementCount !== view.languages.length) {
    $("languages").replaceChildren(
      ...view.languages.map(({ code, label: name }) => {
        const button = make("button", { type: "button", class: "plain", "data-language": code, lang: code }, name);
        button.addEventListener("click", () => press({ intent: "language", code }));
        return button;
      }),
    );
  }
  for (const button of $("languages").children) {
    setAttribute(button, "aria-pressed", String(button.dataset.language === view.language));
  }
}

/** The question "still there?" has its answer right under it. */
function showStay(button, press) {
  $("stay").hidden = button === undefined;
  $("stay").onclick = () => press({ intent: "stay" });
  if (button) setText($("stay"), button.text);
}

function showButtons(buttons, press) {
  const known = [...$("buttons").children].map((button) => button.dataset.intent).join();
  if (known !== buttons.map(({ intent }) => intent).join()) {
    $("buttons").replaceChildren(
      ...buttons.map(({ intent }) => {
        const button = make("button", { type: "button", class: "lever", "data-intent": intent });
        button.append(make("span", { class: "lever-arm", "aria-hidden": "true" }), make("span", { class: "lever-text" }));
        button.addEventListener("click", () => press({ intent }));
        return button;
      }),
    );
  }
  buttons.forEach(({ text, enabled }, index) => {
    const button = $("buttons").children[index];
    setText(button.querySelector(".lever-text"), text);
    button.disabled = !enabled;
  });
}

/** Show the coins a customer holds; called when the set of coins or the language changes. */
export function showCoins(values, act) {
  const wanted = [...values, FOREIGN_COIN];
  const shown = [...$("coins").children].map((button) => Number(button.dataset.coin));
  if (wanted.join() !== shown.join()) {
    $("coins").replaceChildren(
      ...wanted.map((value) => {
        const button = make("button", { type: "button", class: "coin-button", "data-coin": value }, drawCoin(value));
        button.addEventListener("click", () => {
          if (act({ do: "insert_coin", value })) coinToSlot(button.firstChild, $("coin-slot"));
        });
        return button;
      }),
    );
  }
  for (const button of $("coins").children) {
    const value = Number(button.dataset.coin);
    setAttribute(button, "aria-label", label(value === FOREIGN_COIN ? "coin_unknown" : "insert_coin", { value }));
  }
}

function drawCoin(value) {
  return make("span", { class: "coin", "data-value": value }, make("span", {}, String(value)));
}

/** Show the tray: a list of picture names, oldest first. */
export function showTray(pictures) {
  const key = pictures.join();
  if (key !== shownTray) {
    const before = $("tray-goods").childElementCount;
    $("tray-goods").replaceChildren(
      ...pictures.map((picture) => make("img", { src: `/static/art/${picture}.svg`, alt: "", draggable: "false" })),
    );
    if (pictures.length > before) arrive($("tray-goods").lastElementChild);
    shownTray = key;
  }
  setAttribute($("tray"), "data-count", String(pictures.length));
  setText($("tray-text"), pictures.length ? label("take_products", { count: pictures.length }) : label("tray"));
  $("tray").disabled = pictures.length === 0;
}

/** Show the coin return cup: how many of each coin lie in it. */
export function showCup(cup) {
  const heaps = Object.entries(cup)
    .map(([value, count]) => [Number(value), count])
    .filter(([, count]) => count > 0)
    .sort(([one], [other]) => other - one);
  const key = heaps.join(";");
  if (key !== shownCup) {
    $("cup-coins").replaceChildren(...heaps.map(drawHeap));
    if (heaps.length) arrive($("cup-coins"));
    shownCup = key;
  }
  const total = heaps.reduce((sum, [value, count]) => sum + value * count, 0);
  setAttribute($("return-cup"), "data-count", String(heaps.length));
  setText($("cup-text"), heaps.length ? label("take_coins", { total }) : label("return_cup"));
  $("return-cup").disabled = heaps.length === 0;
}

function drawHeap([value, count]) {
  const heap = make("span", { class: "heap" }, drawCoin(value));
  if (count > 1) heap.append(`×${count}`);
  return heap;
}

/** Show what else the customer holds: a bill (or the one that came back), and a card. */
export function showPurse({ bills, bill_mouth: mouth, card }) {
  const back = Object.keys(mouth).length > 0;
  $("bill").hidden = bills.length === 0;
  setAttribute($("bill"), "data-do", back ? "take_bills" : "insert_bill");
  setAttribute($("bill"), "data-value", String(bills[0] ?? 0));
  setText($("bill"), back ? label("take_bill") : label("insert_bill"));
  $("card").hidden = card === null;
  setAttribute($("card"), "data-do", card ? "remove_card" : "present_card");
  setText($("card"), label(card ? "remove_card" : "present_card"));
}
