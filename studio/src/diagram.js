// The diagram: the SVG that the compiler drew, with each box a button that leads to the line that wrote it.
import { byId, element } from "./dom.js";

const ALLOWED = new Set(["svg", "g", "a", "title", "desc", "rect", "circle", "path", "text", "tspan"]);
const SVG = "http://www.w3.org/2000/svg";

/** The pane; `go(line)` leads to a line of the text, whose name `name()` gives: boxes from other files lead nowhere. */
export function diagram(name, go) {
  const place = byId("picture");
  let zoom = null; // null: as wide as the pane, but no larger than type is read with ease
  let drawn = null;
  let size = [0, 0];

  const fitted = () => Math.min((place.clientWidth - 32) / size[0], (1.25 * 96) / 72);
  const scale = () => {
    if (!drawn) return;
    const by = zoom ?? fitted();
    drawn.style.width = `${size[0] * by}px`;
    drawn.style.height = `${size[1] * by}px`;
  };
  const enlarge = (by) => {
    zoom = Math.min(Math.max((zoom ?? fitted()) * by, 0.1), 8);
    scale();
  };
  byId("larger").addEventListener("click", () => enlarge(1.25));
  byId("smaller").addEventListener("click", () => enlarge(0.8));
  byId("fit").addEventListener("click", () => ((zoom = null), scale()));
  new ResizeObserver(scale).observe(place);
  place.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    enlarge(event.deltaY < 0 ? 1.1 : 1 / 1.1);
  }, { passive: false });

  return {
    show({ svg, message, styles }) {
      const select = byId("style");
      if (!select.options.length) select.append(...styles.map((name) => element("option", { value: name }, name)));
      if (!svg) {
        drawn = null;
        place.replaceChildren(element("p", { className: "empty" }, message ?? ""));
        return;
      }
      drawn = read(svg, name(), go);
      const [, , width, height] = drawn.getAttribute("viewBox").split(" ").map(Number);
      size = [width, height];
      scale();
      const { scrollTop, scrollLeft } = place;
      place.replaceChildren(drawn);
      Object.assign(place, { scrollTop, scrollLeft });
    },
    /** Mark the boxes that a line wrote; `follow` brings the first of them into sight. */
    mark(line, follow) {
      let first = null;
      for (const each of place.querySelectorAll("[data-line]")) {
        const mine = Number(each.dataset.line) === line;
        each.classList.toggle("here", mine);
        first ??= mine ? each : null;
      }
      if (follow) first?.scrollIntoView({ block: "nearest", inline: "nearest" });
    },
  };
}

/** The SVG as elements of the page: no more than shapes and text, and links made buttons. */
function read(svg, name, go) {
  const { documentElement: root } = new DOMParser().parseFromString(svg, "image/svg+xml");
  for (const each of [root, ...root.querySelectorAll("*")]) {
    if (each.namespaceURI !== SVG || !ALLOWED.has(each.localName)) each.remove();
    each.removeAttribute("id"); // the page has ids of its own
    if (each.localName === "a") {
      const [, file, line] = /^(.*)#L(\d+)$/.exec(each.getAttribute("href") ?? "") ?? [];
      each.removeAttribute("href");
      if (!line || decodeURIComponent(file) !== name) continue;
      each.dataset.line = line;
      each.setAttribute("tabindex", "0");
      each.setAttribute("role", "button");
      each.setAttribute("aria-label", each.querySelector("title")?.textContent ?? `line ${line}`);
      each.addEventListener("click", () => go(Number(line), false));
      each.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") event.preventDefault(), go(Number(line), true);
      });
    }
  }
  root.setAttribute("aria-label", root.querySelector(":scope > title")?.textContent ?? "diagram");
  root.removeAttribute("aria-labelledby");
  root.querySelector(":scope > title")?.remove(); // it would be shown under the pointer everywhere
  return document.adoptNode(root);
}
