// Lines below the header that say what has happened, with what can be done about it. A notice has a name; a newer one of
// the same name takes its place.
import { byId, element } from "./dom.js";

const shown = new Map();

/** Say something; `actions` are `[label, function]`. It stays until it is closed, or for `seconds`. */
export function notice(name, text, { actions = [], seconds = 0, wrong = false } = {}) {
  quiet(name);
  const close = () => quiet(name);
  const buttons = actions.map(([label, act]) => element("button", { on: { click: () => (close(), act()) } }, label));
  const made = element(
    "p",
    { className: wrong ? "wrong" : "", data: { name } },
    element("span", {}, text),
    ...buttons,
    element("button", { className: "close", aria: { label: "Close" }, on: { click: close } }, "×"),
  );
  shown.set(name, made);
  byId("notices").append(made);
  if (seconds) setTimeout(() => shown.get(name) === made && close(), 1000 * seconds);
  return made;
}

export function quiet(name) {
  shown.get(name)?.remove();
  shown.delete(name);
}
