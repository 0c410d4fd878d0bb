// The colours of the text: those of the real lexer, which come a moment after the text has changed. Until then they move
// along with it, and what is typed at the end of a token has its colour.
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

/** A field of decorations that move along with the text until they are told anew by an effect. */
export const decorated = (effect) =>
  StateField.define({
    create: () => Decoration.none,
    update(marks, transaction) {
      marks = marks.map(transaction.changes);
      for (const each of transaction.effects) if (each.is(effect)) marks = each.value;
      return marks;
    },
    provide: (field) => EditorView.decorations.from(field),
  });

export const setColours = StateEffect.define();
export const colours = decorated(setColours);

/** Runs of colour (`[length, class]`) as decorations. */
export function painted(tokens) {
  const marks = [];
  let at = 0;
  for (const [length, kind] of tokens) {
    if (kind && kind !== "w") marks.push(mark(kind).range(at, at + length));
    at += length;
  }
  return Decoration.set(marks);
}

const known = new Map();
function mark(kind) {
  if (!known.has(kind)) known.set(kind, Decoration.mark({ class: `t-${kind}`, inclusiveEnd: true, kind }));
  return known.get(kind);
}

/** The token at a place, as `{from, to, kind}`; of two that touch there the first for which `wanted(kind)` is true. */
export function tokenAt(state, at, wanted) {
  let found = null;
  state.field(colours).between(at, at, (from, to, { spec: { kind } }) => {
    if (!wanted(kind)) return undefined;
    found = { from, to, kind };
    return false;
  });
  return found;
}
