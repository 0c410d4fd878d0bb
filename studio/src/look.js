// How the page looks: light or dark, how wide the text is, the dialog of keys. Kept in this browser.
import { byId, element } from "./dom.js";

const THEMES = { auto: "◐", light: "☀", dark: "☾" };
const KEYS = [
  ["F8", "the next message"],
  ["Alt+Enter", "take the first thing that is offered for it; Messages has all of them"],
  ["Alt+H", "what stands at the cursor (on a Mac Ctrl+Alt+H)"],
  ["Ctrl+Space", "what can be typed here"],
  ["Alt+N", "a slider for the number at the cursor (on a Mac Ctrl+Alt+N); arrows move it, Escape leaves it"],
  ["Alt+Shift+F", "lay the text out"],
  ["Ctrl+S", "save the file"],
  ["Ctrl+F", "find and replace"],
  ["Ctrl+Z, Ctrl+Y", "undo, redo"],
  ["Tab", "leaves the text: buttons, views and boxes of the diagram come in turn"],
  ["← →", "the next view, on its tab; the width of the text, on the bar between"],
  ["Enter", "on a box or a row: to the line that wrote it"],
];

/** Wire it. `changed()` is called when the colours are others; `dark` says which they are. */
export function look(changed) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const set = (name) => {
    root.dataset.theme = localStorage["netdsl:theme"] = name;
    byId("theme").textContent = THEMES[name];
    byId("theme").setAttribute("aria-label", `Colours: ${name}`);
  };
  set(THEMES[localStorage["netdsl:theme"]] ? localStorage["netdsl:theme"] : "auto");
  byId("theme").addEventListener("click", () => {
    const names = Object.keys(THEMES);
    set(names[(names.indexOf(root.dataset.theme) + 1) % names.length]);
    changed();
  });
  system.addEventListener("change", changed);
  split();
  keys();
  return {
    get dark() {
      return root.dataset.theme === "auto" ? system.matches : root.dataset.theme === "dark";
    },
  };
}

/** The bar between text and views: by pointer and by arrows. */
function split() {
  const bar = byId("split");
  const main = bar.parentElement;
  const set = (share) => {
    const percent = Math.round(Math.min(Math.max(share, 20), 80));
    main.style.setProperty("--split", `${percent}%`);
    bar.setAttribute("aria-valuenow", percent);
    localStorage["netdsl:split"] = percent;
  };
  set(Number(localStorage["netdsl:split"]) || 50);
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  bar.addEventListener("pointermove", (event) => {
    if (bar.hasPointerCapture(event.pointerId)) set((100 * event.clientX) / innerWidth);
  });
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (by) set(Number(bar.getAttribute("aria-valuenow")) + by);
  });
}

function keys() {
  byId("keys").querySelector("dl").append(...KEYS.flatMap(([key, words]) => [element("dt", {}, key), element("dd", {}, words)]));
  byId("help").addEventListener("click", () => byId("keys").showModal());
  const menu = byId("exports");
  addEventListener("pointerdown", (event) => menu.contains(event.target) || (menu.open = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
