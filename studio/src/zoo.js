// The chooser: a dialog with a search over the zoo's networks, and what a text can begin with beside them; and the
// datalist of names to compare with.
import { ask } from "./ask.js";
import { amount, byId, element } from "./dom.js";

/** Fill the dialog. `choose(fragment)` is called with the fragment of an address; `own` is the name of the file, if any. */
export async function zoo(own, choose) {
  const { networks } = await ask({ ask: "networks" });
  byId("known").append(...networks.map((each) => element("option", { value: each.name }, each.title)));
  byId("search").placeholder = `Search ${networks.length} networks: resnet, 2014, segmentation …`;
  const dialog = byId("zoo");
  const row = (fragment, name, words, figures = "") => {
    const pick = () => (dialog.close(), choose(fragment));
    const cells = [element("b", {}, name), element("span", {}, words), element("small", {}, figures)];
    return [element("button", { on: { click: pick } }, ...cells), `${name} ${words}`.toLowerCase()];
  };
  const rows = [
    ...(own ? [row("", own, "your file")] : []),
    row("#new", "new", "a few lines to begin with"),
    row("#welcome", "welcome", "the first steps"),
    ...networks.map((each) =>
      row(
        `#zoo=${encodeURIComponent(each.name)}`,
        each.name,
        [each.title, each.variant, each.year, each.task].filter(Boolean).join(" · "),
        `${amount(each.params)} params · ${amount(each.macs)} multiply-adds`,
      )),
  ];
  byId("found").append(...rows.map(([row]) => row));
  const seen = () => rows.filter(([row]) => !row.hidden).map(([row]) => row);
  byId("search").addEventListener("input", () => {
    const words = byId("search").value.toLowerCase().split(/\s+/);
    for (const [row, text] of rows) row.hidden = !words.every((word) => text.includes(word));
  });
  dialog.addEventListener("keydown", (event) => {
    const list = seen();
    const at = list.indexOf(document.activeElement);
    if (event.key === "ArrowDown") list[Math.min(at + 1, list.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? list[at - 1] : byId("search")).focus();
    else if (event.key === "Enter" && at < 0) list[0]?.click();
    else return;
    event.preventDefault();
  });
  byId("open").addEventListener("click", () => {
    byId("search").value = "";
    byId("search").dispatchEvent(new Event("input"));
    dialog.showModal();
    byId("search").focus();
  });
}
