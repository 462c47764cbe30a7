// The emulated machine in a browser. It draws the controller's view and the simulated world and sends presses back;
// it decides nothing. The frames both ways are described in README.md beside this file.

import { $, hasLabels, label, make, setAttribute, setText, useLabels } from "./dom.js";
import { buildBreaker, showBreaker } from "./breaker.js";
import { buildClerk, showClerk } from "./clerk.js";
import { showExtras } from "./extras.js";
import { keepOpen } from "./link.js";
import { buildKeypad, showCoins, showCup, showPanel, showPurse, showTray } from "./panel.js";
import { showSlots, showTiles } from "./shelf.js";
import { buildMaintenance, showMaintenance } from "./maintenance.js";
import { hear } from "./sound.js";
import { buildTouch, hideTouch, measure, showTouch } from "./touch.js";

const WIRE_LINES = 80;
let view = null;
let world = null;
let secondsLeft = null; // until the next attempt to connect; null while connected

const link = keepOpen(new URL("/ws", location.href).href.replace(/^http/, "ws"), {
  onUp() {
    secondsLeft = null;
    showConnection();
  },
  onDown(seconds) {
    secondsLeft = seconds;
    showConnection();
  },
  onFrame(frame) {
    const show = { view: showView, world: showWorld, wire: showWire }[frame.type];
    if (show) show(frame);
  },
});

const press = (intent) => link.send({ type: "intent", ...intent });
const act = (deed) => link.send({ type: "world", ...deed });

buildKeypad(press);
buildClerk(press);
buildBreaker(act);
buildTouch(press);
buildMaintenance(press);
for (const id of ["tray", "return-cup", "door", "card"]) {
  $(id).addEventListener("click", () => act({ do: $(id).dataset.do }));
}
$("bill").addEventListener("click", () => act({ do: $("bill").dataset.do, value: Number($("bill").dataset.value) }));
for (const id of ["retry", "t-retry"]) $(id).addEventListener("click", () => link.retry());
$("wire-toggle").addEventListener("click", toggleWire);
showConnection();

function showView(frame) {
  const spokeBefore = view?.language;
  view = frame.view;
  if (spokeBefore !== view.language) {
    document.documentElement.lang = view.language;
    useLabels(view.labels);
    document.title = label("title");
    if (world) showWorld({ world });
    showWireToggle();
  }
  document.body.dataset.screen = view.screen;
  measure(view);
  hear(view);
  showLamp(view.light);
  document.documentElement.style.setProperty("--brightness", `${view.brightness ?? 100}%`);
  showMaintenance(view.maintenance, press);
  if (world) {
    showTiles(view, (slot) => press({ intent: "select", slot }));
    showPanel(view, press);
    showClerk(view, press);
    showExtras(view);
    showSlots(world.slots);
  } else {
    $("touch").hidden = false;
    showTouch(view);
  }
  showConnection();
}

/** How the machine stands, as a colour with its words. */
function showLamp(light) {
  for (const lamp of document.querySelectorAll(".stand")) {
    lamp.hidden = !light;
    if (!light) continue;
    setAttribute(lamp, "data-colour", light.colour);
    setText(lamp, light.text);
  }
}

function showWorld(frame) {
  const isNew = world === null;
  world = frame.world;
  document.body.dataset.world = "simulated";
  document.body.dataset.door = world.door_open ? "open" : "closed";
  if (isNew && view) {
    $("touch").hidden = true;
    hideTouch();
    showView({ view });
  }
  showCoins(world.coins, act);
  showSlots(world.slots);
  showTray(world.tray);
  showCup(world.return_cup);
  showPurse(world);
  if (world.broken) showBreaker(world, () => showBreaker(world));
  setAttribute($("door"), "data-do", world.door_open ? "close_door" : "open_door");
  setText($("door"), label(world.door_open ? "close_door" : "open_door"));
  showConnection();
}

// Before the first view there are no texts yet; the page then keeps the bilingual ones of index.html.
function showConnection() {
  const isUp = secondsLeft === null && view !== null;
  const isLost = secondsLeft !== null;
  document.body.dataset.connection = isUp ? "up" : isLost ? "lost" : "connecting";
  for (const element of document.querySelectorAll("#tray, #slots, .panel, #door, #bill, #card, #languages, #clerk, #clerk-open")) element.inert = !isUp;
  const isClosed = isUp && view.screen === "out_of_service" && !world?.door_open; // an open door is seen as such
  $("veil").hidden = isUp && !isClosed;
  $("t-veil").hidden = isUp;
  $("retry").hidden = $("t-retry").hidden = !isLost;
  if (!hasLabels()) {
    $("touch").hidden = world !== null; // before the first view both are there, and one is not drawn
    if (isLost) for (const id of ["retry", "t-retry"]) setText($(id), "いますぐつなぐ / Connect now");
    return;
  }
  setText($("connection-text"), label(isUp ? "connected" : isLost ? "disconnected" : "connecting"));
  const lost = label(secondsLeft ? "lost_text" : "lost_trying", { seconds: secondsLeft });
  for (const id of ["retry", "t-retry"]) setText($(id), label("retry_now"));
  setText($("veil-title"), label(isClosed ? "closed_title" : "lost_title"));
  setText($("veil-text"), isClosed ? view.message.text : lost);
  setText($("t-veil-title"), label("lost_title"));
  setText($("t-veil-text"), lost);
}

function showWire(frame) {
  const isFromHost = frame.direction === "host";
  setText($("wire-last"), `${isFromHost ? "→" : "←"} ${frame.hex}`);
  const sender = label(isFromHost ? "wire_host" : "wire_device");
  const line = make("li", { "data-direction": frame.direction });
  line.append(make("span", {}, sender), make("code", {}, frame.hex), make("span", {}, frame.meaning));
  $("wire-log").prepend(line);
  while ($("wire-log").childElementCount > WIRE_LINES) $("wire-log").lastElementChild.remove();
}

function toggleWire() {
  $("wire-log").hidden = !$("wire-log").hidden;
  showWireToggle();
}

function showWireToggle() {
  const isOpen = !$("wire-log").hidden;
  setAttribute($("wire-toggle"), "aria-expanded", String(isOpen));
  setText($("wire-toggle-text"), label(isOpen ? "wire_hide" : "wire_show"));
}
