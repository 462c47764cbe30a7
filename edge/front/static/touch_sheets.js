// What lies over the shelf of the touchscreen when there is more to say than a line: a result, the product that is being
// paid, the talk with the clerk. One at a time; results come first.

import { $, label, make } from "./dom.js";
import { drawCode } from "./code.js";

const RESULTS = new Set(["vending", "delivered", "sorry", "out_of_service"]);
const MARKS = { ok: "○", warn: "!", sorry: "×", neutral: "" };
const MOST_LINES = 4;

/** Show the sheet that this view needs, if it needs one. */
export function fillSheet(view, press) {
  const sheet = $("t-sheet");
  const made = makeSheet(view, press);
  sheet.hidden = made === null;
  $("t-shelf").classList.toggle("covered", made !== null);
  if (made === null) {
    sheet.replaceChildren();
    sheet.dataset.key = "";
    return;
  }
  const key = JSON.stringify([made.kind, view.language, view.screen, view.message, view.code, view.detail, view.stages, view.clerk]);
  if (sheet.dataset.key === key) return;
  sheet.dataset.key = key;
  sheet.replaceChildren(...made.parts());
  sheet.dataset.kind = view.code && made.kind === "result" ? "claim" : made.kind;
}

const stayOf = (view) => view.buttons.find(({ intent }) => intent === "stay");

/** Does the sheet say what the message says? */
export const isToldBySheet = (view) => RESULTS.has(view.screen) || Boolean(view.code || stayOf(view));

function makeSheet(view, press) {
  const stay = stayOf(view);
  if (isToldBySheet(view)) return { kind: "result", parts: () => result(view, stay, press) };
  if (view.clerk && view.clerk.standing !== "closed") return { kind: "clerk", parts: () => clerk(view.clerk, press) };
  if (view.detail) return { kind: "detail", parts: () => detail(view.detail) };
  return null;
}

function result({ message, code, stages }, stay, press) {
  const mark = MARKS[message.tone];
  const words = make("p", { class: "t-result", "data-tone": message.tone }, make("span", {}, mark ? `${mark} ${message.text}` : message.text));
  const found = [words];
  if (stages.length) {
    found.push(
      make(
        "ol",
        { class: "t-stages" },
        ...stages.map(({ text, standing, standing_text: said }) =>
          make("li", { "data-standing": standing, ...(standing === "now" ? { "aria-current": "step" } : {}) }, make("b", {}, said), make("span", {}, text)),
        ),
      ),
    );
  }
  if (code) found.push(make("figure", { class: "t-code" }, drawCode(code), make("figcaption", {}, code.caption)));
  if (stay) {
    const key = make("button", { type: "button", class: "t-key main", "data-key": "stay" }, stay.text);
    key.addEventListener("click", () => press({ intent: "stay" }));
    found.push(key);
  }
  return found;
}

function detail(one) {
  const facts = [[label("detail_size"), one.size], [label("detail_allergens"), one.allergens]].filter(([, value]) => value);
  const side = make("div", { class: "t-shown" });
  if (one.picture) side.append(make("img", { src: `/static/art/${one.picture}.svg`, alt: "" }));
  side.append(make("p", { class: "t-band", "data-temperature": one.temperature }, one.temperature_text));
  return [
    side,
    make(
      "div",
      { class: "t-facts" },
      make("h2", {}, one.name),
      make("p", { class: "t-agreed" }, one.price_text),
      make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
      make("p", { class: "t-missing" }, `${label("detail_missing")} ${one.missing_text}`),
    ),
  ];
}

function clerk({ title, note, lines, questions }, press) {
  const close = make("button", { type: "button", class: "t-key", "data-key": "clerk_close" }, label("clerk_close"));
  close.addEventListener("click", () => press({ intent: "clerk_close" }));
  const ask = questions.slice(0, MOST_LINES).map((words) => {
    const button = make("button", { type: "button", class: "t-key", "data-key": "question" }, words);
    button.addEventListener("click", () => press({ intent: "clerk_say", words }));
    return button;
  });
  return [
    make("header", {}, make("h2", {}, title), make("p", { role: "status" }, note), close),
    make(
      "ol",
      { class: "t-lines", tabindex: "0", "aria-label": title },
      ...lines
        .slice(document.documentElement.dataset.shape === "wide" ? -1 : -MOST_LINES)
        .reverse() // the newest stands first: nobody has to scroll for it
        .map(({ who, text }) => make("li", { "data-who": who }, make("b", {}, label(`clerk_${who}`)), make("span", {}, text))),
    ),
    make("div", { class: "t-questions" }, ...ask),
  ];
}
