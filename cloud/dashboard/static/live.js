// Keeps an open page true: listens to the metrics, writes the numbers that changed at once, and asks htmx to fetch the
// page's blocks again. It works out nothing; every number comes from the server.

const RECONNECT_MS = 5000;
const NOT_LOGGED_IN = 4401; // close code of cloud/dashboard/endpoints.py
const $ = (id) => document.getElementById(id);

const formats = {
  yen: (amount) => `${amount < 0 ? "−" : ""}¥${Math.abs(amount).toLocaleString("en")}`,
  count: (amount) => amount.toLocaleString("en"),
};

function connect() {
  const socket = new WebSocket(new URL("/api/v1/dashboard/ws/realtime", location.href).href.replace(/^http/, "ws"));
  socket.onopen = () => showLive(true);
  socket.onmessage = (event) => {
    const metrics = flatten(JSON.parse(event.data));
    showMetrics(metrics);
    $("updated").textContent = new Date().toLocaleTimeString("ja-JP", { timeZone: "Asia/Tokyo", hour12: false });
    document.body.dispatchEvent(new Event("live"));
  };
  socket.onclose = ({ code }) => {
    showLive(false);
    if (code === NOT_LOGGED_IN) location.assign(`/dashboard/login?next=${encodeURIComponent(location.pathname)}`);
    else setTimeout(connect, RECONNECT_MS);
  };
}

function showLive(isOn) {
  $("live").dataset.live = isOn ? "on" : "off";
  const { on, off } = $("live-text").dataset;
  const text = isOn ? on : off;
  if ($("live-text").textContent !== text) $("live-text").textContent = text;
}

// {sales: {today_revenue: 160}} → {today_revenue: 160}; the groups only order the numbers for readers of the API.
function flatten(message) {
  return Object.entries(message).reduce(
    (all, [name, value]) => (isGroup(value) ? { ...all, ...flatten(value) } : { ...all, [name]: value }),
    {},
  );
}

const isGroup = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function showMetrics(metrics) {
  for (const element of document.querySelectorAll("[data-metric]")) {
    const value = metrics[element.dataset.metric];
    if (typeof value !== "number") continue;
    const text = formats[element.dataset.format](value);
    if (element.dataset.hide === "zero") element.hidden = value === 0;
    if (element.textContent.trim() === text) continue;
    element.textContent = text;
    element.classList.add("changed");
    setTimeout(() => element.classList.remove("changed"), 1000);
  }
}

function isNight() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "night" : window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function showTheme() {
  $("theme").setAttribute("aria-pressed", String(isNight()));
}

$("theme").addEventListener("click", () => {
  const next = isNight() ? "light" : "night";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
  showTheme();
});
showTheme();
connect();
