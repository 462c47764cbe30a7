// Keeps the shelf fresh and lets the clerk answer without a new page. Without this file the forms work as forms.

const SHELF_MS = 15_000;
const AGAIN_MS = 5_000;
const texts = JSON.parse(document.querySelector("#texts").textContent);
const { machine, language } = document.body.dataset;
const log = document.querySelector("#log");
const form = document.querySelector("#say");
const words = document.querySelector("#words");
const button = form.querySelector("button[type=submit]");
const state = document.querySelector("#chat-state");
const chips = document.querySelector("#suggested");
const shelf = document.querySelector("#shelf");

// --- the shelf ---------------------------------------------------------------------------------------

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(shelf.dataset.src);
    if (answer.ok) shelf.innerHTML = await answer.text();
  } catch {
    // Not connected: what is shown says when it was true.
  }
}
setInterval(refresh, SHELF_MS);
document.addEventListener("visibilitychange", refresh);

// --- the clerk ---------------------------------------------------------------------------------------

let socket = null;
let open = null; // the line that is being written

function line(who) {
  const item = document.querySelector("#line").content.firstElementChild.cloneNode(true);
  item.className = who;
  item.querySelector(".who").textContent = texts[who];
  log.append(item);
  return item.querySelector("p");
}

function tell(text) {
  state.textContent = text;
  state.hidden = !text;
}

function suggest(keys) {
  chips.replaceChildren(...keys.map((key) => {
    const chip = document.createElement(key === "report" ? "a" : "button");
    chip.className = "chip";
    chip.textContent = texts.ask[key];
    if (key === "report") chip.href = "#report";
    else Object.assign(chip, { type: "button", value: texts.ask[key] });
    return chip;
  }));
}

function done(text) {
  open = null;
  button.disabled = false;
  tell(text);
}

function hear(message) {
  if (message.type === "piece") {
    open ??= line("clerk");
    open.textContent += message.text;
  } else if (message.type === "answer") {
    open ??= line("clerk");
    open.textContent = message.content;
    open.scrollIntoView({ block: "nearest" });
    suggest(message.suggested_actions);
    done("");
  } else {
    done(message.detail);
  }
}

function connect() {
  const at = new URL(`/m/${machine}/ws?lang=${language}`, location.href);
  at.protocol = at.protocol.replace("http", "ws");
  const next = new WebSocket(at);
  next.onopen = () => { socket = next; done(""); };
  next.onmessage = (event) => hear(JSON.parse(event.data));
  next.onclose = () => {
    socket = null;
    done(texts.off);
    setTimeout(connect, AGAIN_MS);
  };
}

function say(text) {
  if (!text.trim() || button.disabled) return false;
  line("you").textContent = text;
  socket.send(JSON.stringify({ say: text }));
  button.disabled = true;
  tell(texts.waiting);
  return true;
}

form.addEventListener("submit", (event) => {
  if (!socket) return; // the form goes its own way
  event.preventDefault();
  const asked = event.submitter?.name === "ask";
  if (say(asked ? event.submitter.value : words.value) && !asked) words.value = "";
});
chips.addEventListener("click", (event) => {
  if (event.target.matches("button[type=button]") && socket) say(event.target.value);
});
words.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
});
connect();
