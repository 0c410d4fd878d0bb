// The views on the right as tabs that arrows go through, as the pattern of ARIA has it.
import { byId } from "./dom.js";

const NAMES = ["diagram", "layers", "messages", "source", "costs", "compare"];

/** The tabs; `chosen(name)` is called when another one is. Gives `{name, choose}`. */
export function tabs(chosen) {
  const made = {
    name: NAMES[0],
    choose(name, { focus = false } = {}) {
      made.name = NAMES.includes(name) ? name : NAMES[0];
      for (const each of NAMES) {
        const mine = each === made.name;
        const tab = byId(`tab-${each}`);
        tab.setAttribute("aria-selected", mine);
        tab.tabIndex = mine ? 0 : -1;
        byId(`pane-${each}`).hidden = !mine;
        if (mine && focus) tab.focus();
      }
      chosen(made.name);
    },
  };
  for (const each of NAMES) {
    byId(`tab-${each}`).addEventListener("click", () => made.choose(each));
    byId(`tab-${each}`).addEventListener("keydown", (event) => {
      const at = NAMES.indexOf(each);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: NAMES.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      made.choose(NAMES[(to + NAMES.length) % NAMES.length], { focus: true });
    });
  }
  return made;
}
