// The talk with the clerk: a sheet over the shelf, with what was said, questions to press and a line to write.

import { $, label, make, setAttribute, setText } from "./dom.js";

let shownLines = "";
let wasOpen = false;

/** Make the controls work once. */
export function buildClerk(press) {
  $("clerk-open").addEventListener("click", () => press({ intent: "clerk_open" }));
  $("clerk-close").addEventListener("click", () => press({ intent: "clerk_close" }));
  $("clerk").addEventListener("keydown", (event) => {
    if (event.key === "Escape") press({ intent: "clerk_close" });
  });
  $("clerk-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const words = $("clerk-words").value.trim();
    if (words && press({ intent: "clerk_say", words })) $("clerk-words").value = "";
  });
}

/** Show the talk of the view; a machine without a clerk offers none. */
export function showClerk({ clerk }, press) {
  $("clerk-open").hidden = clerk === null;
  if (clerk === null) return;
  const isOpen = clerk.standing !== "closed";
  const isListening = clerk.standing === "listening";
  setText($("clerk-open"), clerk.title);
  setAttribute($("clerk-open"), "aria-expanded", String(isOpen));
  $("clerk").hidden = !isOpen;
  setAttribute($("clerk"), "data-standing", clerk.standing);
  setText($("clerk-title"), clerk.title);
  setText($("clerk-note"), clerk.note);
  setText($("clerk-close"), label("clerk_close"));
  setText($("clerk-send"), label("clerk_say"));
  setAttribute($("clerk-words"), "aria-label", label("clerk_words"));
  setAttribute($("clerk-words"), "maxlength", String(clerk.limit));
  $("clerk-words").disabled = $("clerk-send").disabled = !isListening;
  showLines(clerk.lines);
  showQuestions(clerk.questions, press);
  if (isOpen && !wasOpen) $("clerk-close").focus();
  if (!isOpen && wasOpen) {
    $("clerk-words").value = ""; // the next customer must not read it
    $("clerk-open").focus();
  }
  wasOpen = isOpen;
}

function showLines(lines) {
  const key = JSON.stringify(lines);
  if (key === shownLines) return;
  shownLines = key;
  $("clerk-lines").replaceChildren(
    ...lines.map(({ who, text, is_whole: isWhole }) =>
      make(
        "li",
        { "data-who": who, "aria-busy": String(!isWhole) },
        make("span", { class: "speaker" }, label(`clerk_${who}`)),
        make("span", { class: "words" }, text),
      ),
    ),
  );
  $("clerk-lines").lastElementChild?.scrollIntoView({ block: "end" });
}

function showQuestions(questions, press) {
  const shown = [...$("clerk-questions").children].map((button) => button.textContent).join("\n");
  if (shown === questions.join("\n")) return;
  $("clerk-questions").replaceChildren(
    ...questions.map((words) => {
      const button = make("button", { type: "button", class: "question" }, words);
      button.addEventListener("click", () => press({ intent: "clerk_say", words }));
      return button;
    }),
  );
}
