// Applies the chosen colours before the first paint; the switch itself is in live.js. Without a choice the system's
// preference decides, in tokens.css.
const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "night") document.documentElement.dataset.theme = chosen;
