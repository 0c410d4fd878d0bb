// The chooser of the zoo's networks: a dialog with a search, and the datalist of names to compare with.
import { ask } from "./ask.js";
import { amount, byId, element } from "./dom.js";

/** Fill the dialog; `choose(name)` is called with a network's name in the zoo. */
export async function zoo(choose) {
  const { networks } = await ask({ ask: "networks" });
  byId("known").append(...networks.map((each) => element("option", { value: each.name }, each.title)));
  byId("search").placeholder = `Search ${networks.length} networks: resnet, 2014, segmentation …`;
  const dialog = byId("zoo");
  const rows = networks.map((each) => {
    const pick = () => (dialog.close(), choose(each.name));
    const figures = `${amount(each.params)} params · ${amount(each.macs)} multiply-adds`;
    const made = element(
      "button",
      { on: { click: pick } },
      element("b", {}, each.name),
      element("span", {}, [each.title, each.variant, each.year, each.task].filter(Boolean).join(" · ")),
      element("small", {}, figures),
    );
    return [made, [each.name, each.title, each.variant, each.year, each.task].join(" ").toLowerCase()];
  });
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
    dialog.showModal();
    byId("search").select();
  });
}
