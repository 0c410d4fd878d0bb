// A slider for any number of the text. A click on a number shows it below, and so does Alt+N with the cursor there; while
// it is dragged the number in the text changes, and everything that is shown follows.
import { isolateHistory } from "@codemirror/commands";
import { Annotation, Prec, StateEffect, StateField } from "@codemirror/state";
import { EditorView, keymap, showTooltip } from "@codemirror/view";
import { tokenAt } from "./colours.js";
import { element } from "./dom.js";

const NUMBER = /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+/g;
/** The length that a number has after the slider has changed it: marks these changes, which are undone together. */
export const slid = Annotation.define();
const show = StateEffect.define();

/** The number at a place of the text: `{from, to, text}`, or null. What is a number the lexer says; `3x224x224` is one of
 * its tokens, and three numbers. */
export function numberAt(state, at) {
  const token = tokenAt(state, at, (kind) => kind === "mi" || kind === "mf");
  if (!token) return null;
  for (const match of state.sliceDoc(token.from, token.to).matchAll(NUMBER)) {
    const from = token.from + match.index;
    const to = from + match[0].length;
    if (from <= at && at <= to) return { from, to, text: match[0] };
  }
  return null;
}

/** The range of a slider for a number: whole numbers stay whole, and steps are as wide as a reader would take. */
export function range(text) {
  const value = Number(text);
  if (/^\d+$/.test(text)) {
    const step = value >= 512 && value % 16 === 0 ? 16 : value >= 64 && value % 8 === 0 ? 8 : value >= 1000 ? 10 : 1;
    return { min: value === 0 ? 0 : step, max: Math.max(2 * value, 8), step, write: (given) => String(Math.round(given)) };
  }
  const places = Math.max((text.split(/[eE]/)[0].split(".")[1] ?? "").length, 1) + 1;
  if (/e/i.test(text)) return { min: 0, max: 4 * value, step: value / 25, write: (given) => Number(given).toExponential(1).replace("+", "") };
  return { min: 0, max: value < 1 ? 1 : 2 * value, step: 10 ** -places, write: (given) => String(Number(Number(given).toFixed(places))) };
}

const field = StateField.define({
  create: () => null,
  update(found, transaction) {
    for (const each of transaction.effects) if (each.is(show)) return each.value;
    if (found && transaction.docChanged) {
      if (!transaction.annotation(slid)) return null;
      return { ...found, to: found.from + transaction.annotation(slid) };
    }
    return found && transaction.selection && !transaction.annotation(slid) ? null : found;
  },
  provide: (field) =>
    showTooltip.compute([field], (state) => {
      const found = state.field(field);
      return found && { pos: found.from, above: false, arrow: true, create: found.create };
    }),
});

/** Whether the slider is there; nothing else is shown over the text meanwhile. */
export const sliding = (state) => state.field(field) !== null;

function open(view, at, focus) {
  const found = numberAt(view.state, at);
  if (!found) return false;
  const slider = element("input", { type: "range", className: "slider", value: found.text });
  const { min, max, step, write } = range(found.text);
  Object.assign(slider, { min, max, step, value: Number(found.text) });
  slider.setAttribute("aria-label", `The number ${found.text} in line ${view.state.doc.lineAt(at).number}`);
  const value = element("output", {}, found.text);
  let first = true;
  const slide = () => {
    const { from, to } = view.state.field(field);
    const text = write(slider.value);
    if (view.state.sliceDoc(from, to) === text) return;
    value.textContent = text;
    const annotations = [slid.of(text.length), ...(first ? [isolateHistory.of("before")] : [])];
    first = false;
    view.dispatch({ changes: { from, to, insert: text }, annotations });
  };
  const close = () => {
    view.dispatch({ effects: show.of(null) });
    view.focus();
  };
  slider.addEventListener("input", slide);
  slider.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Enter") event.preventDefault(), close();
  });
  const dom = element("div", { className: "number" }, element("small", {}, String(min)), slider, element("small", {}, String(max)), value);
  // The editor takes what is pressed inside it for itself.
  for (const name of ["mousedown", "pointerdown"]) dom.addEventListener(name, (event) => event.stopPropagation());
  view.dispatch({ effects: show.of({ ...found, create: () => ({ dom, mount: () => focus && slider.focus() }) }) });
  return true;
}

/** The extension: the slider, by click and by key. */
export const numbers = [
  field,
  EditorView.domEventHandlers({
    click(event, view) {
      if (event.button !== 0 || !view.state.selection.main.empty) return false;
      const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
      if (at !== null) open(view, at, false);
      return false;
    },
  }),
  Prec.high(
    keymap.of([
      { key: "Alt-n", mac: "Ctrl-Alt-n", run: (view) => open(view, view.state.selection.main.head, true) },
      {
        key: "Escape",
        run(view) {
          if (!view.state.field(field)) return false;
          view.dispatch({ effects: show.of(null) });
          return true;
        },
      },
    ]),
  ),
];
