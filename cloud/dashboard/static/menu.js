// Closes an open menu of the bar when a click or the focus goes elsewhere, or Escape is pressed. Opening is HTML's.
const menus = () => document.querySelectorAll(".bar details[open]");
for (const happened of ["click", "focusin"])
  document.addEventListener(happened, ({ target }) => {
    for (const menu of menus()) if (!menu.contains(target)) menu.open = false;
  });
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape")
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
});
