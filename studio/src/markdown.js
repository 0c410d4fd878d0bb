// The little Markdown that hovers and completions are written in, as elements: paragraphs, lists, rules, `code`, **bold**.
import { element } from "./dom.js";

/** A text in Markdown as a block of elements. */
export function markdown(text) {
  const made = element("div", { className: "told" });
  for (const part of text.split(/\n{2,}/)) {
    const lines = part.split("\n");
    if (/^-{3,}$/.test(part.trim())) made.append(element("hr"));
    else if (lines.some((line) => line.startsWith("- "))) {
      const before = lines.filter((line) => !line.startsWith("- "));
      if (before.length) made.append(element("p", {}, ...inline(before.join(" "))));
      const items = lines.filter((line) => line.startsWith("- "));
      made.append(element("ul", {}, ...items.map((line) => element("li", {}, ...inline(line.slice(2))))));
    } else if (part.trim()) made.append(element("p", {}, ...inline(lines.join(" "))));
  }
  return made;
}

/** The pieces of a line: text, code, bold. */
export function* inline(text) {
  for (const piece of text.split(/(`[^`]+`|\*\*[^*]+\*\*)/)) {
    if (piece.startsWith("`") && piece.length > 2) yield element("code", {}, piece.slice(1, -1));
    else if (piece.startsWith("**") && piece.length > 4) yield element("b", {}, piece.slice(2, -2));
    else if (piece) yield piece;
  }
}
