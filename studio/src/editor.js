// The text: CodeMirror with colours from the real lexer, messages where they are, hints, hover, completion, fixes. All of
// what it shows of the language is asked for; it knows nothing of it itself.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { forEachDiagnostic, lintGutter, lintKeymap, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, EditorSelection, EditorState, StateEffect, StateField, Transaction } from "@codemirror/state";
import {
  Decoration, drawSelection, dropCursor, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap,
  lineNumbers, rectangularSelection, showTooltip, WidgetType,
} from "@codemirror/view";
import { ask } from "./ask.js";
import { colours, decorated, painted, setColours } from "./colours.js";
import { element } from "./dom.js";
import { inline, markdown } from "./markdown.js";
import { numbers, slid, sliding } from "./number.js";

/** A change that opens another text: nobody has typed it. */
const opened = Annotation.define();
const setHints = StateEffect.define();
const hints = decorated(setHints);

class Hint extends WidgetType {
  constructor(text, tip) {
    super();
    Object.assign(this, { text, tip });
  }
  eq(other) {
    return other.text === this.text && other.tip === this.tip;
  }
  toDOM() {
    return element("span", { className: "hint", title: this.tip }, this.text);
  }
}

/**
 * The editor in a place. `about()` gives what questions about the text begin with; `changed()` and `moved(line)` are
 * called when the text is typed in, or the cursor goes to another line.
 */
export function editor(parent, { about, changed, moved, nonce }) {
  let line = 0;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(),
        history({ joinToEvent: (transaction, adjacent) => adjacent || transaction.annotation(slid) !== undefined }),
        drawSelection(), dropCursor(),
        EditorState.allowMultipleSelections.of(true), rectangularSelection(), bracketMatching(), closeBrackets(),
        highlightSelectionMatches(), search({ top: true }), indentUnit.of("  "), lintGutter(),
        colours, hints, numbers, told,
        autocompletion({ override: [(context) => completions(context, about)], icons: false, defaultKeymap: false }),
        hoverTooltip((view, at) => hovered(view, at, about), { hideOnChange: true }),
        keymap.of([
          { key: "F8", run: nextDiagnostic },
          { key: "Alt-Enter", run: mend },
          { key: "Alt-h", mac: "Ctrl-Alt-h", run: (view) => explain(view, about) },
          ...completionKeymap, { key: "Escape", run: forget },
          ...closeBracketsKeymap, ...searchKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap,
        ]),
        EditorView.contentAttributes.of({ "aria-label": "Text of the network", spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.transactions.some((each) => each.annotation(opened)));
          const now = update.state.doc.lineAt(update.state.selection.main.head).number;
          if (now !== line || update.docChanged) moved((line = now), update.selectionSet && !update.docChanged);
        }),
      ],
    }),
  });

  return {
    view,
    get text() {
      return view.state.doc.toString();
    },
    get line() {
      return line;
    },
    /** Put another text in place of this one; what was there can be brought back by undoing where `undoable`. */
    open(text, { undoable = false } = {}) {
      const changes = { from: 0, to: view.state.doc.length, insert: text };
      const annotations = [opened.of(true), Transaction.addToHistory.of(undoable)];
      view.dispatch({ changes, selection: { anchor: 0 }, annotations, scrollIntoView: true });
    },
    edit(edits) {
      const changes = edits.map(({ place: [from, to], text }) => ({ from, to, insert: text }));
      view.dispatch({ changes, userEvent: "input.fix" });
    },
    /** Put the cursor at the beginning of a line, or of a place. */
    go(at, { focus = true } = {}) {
      view.dispatch({
        selection: EditorSelection.cursor(Math.min(at, view.state.doc.length)),
        effects: EditorView.scrollIntoView(at, { y: "center" }),
      });
      if (focus) view.focus();
    },
    goLine(number, options) {
      const last = view.state.doc.lines;
      this.go(view.state.doc.line(Math.min(Math.max(number, 1), last)).from, options);
    },
    colour(tokens) {
      view.dispatch({ effects: setColours.of(painted(tokens)) });
    },
    hint(found) {
      const marks = found.map(({ at, text, tip }) =>
        Decoration.widget({ widget: new Hint(text, tip), side: 1 }).range(at));
      view.dispatch({ effects: setHints.of(Decoration.set(marks, true)) });
    },
    underline(messages) {
      const found = messages.map(({ place: [from, to], text, severity, fixes = [] }) => ({
        from,
        to: Math.max(to, from),
        severity: severity === "note" ? "info" : severity,
        message: text,
        renderMessage: () => element("span", {}, ...inline(text)),
        actions: fixes.slice(0, 4).map((fix) => ({ name: fix.title, apply: () => this.edit(fix.edits) })),
      }));
      view.dispatch(setDiagnostics(view.state, found));
    },
  };
}

/** Take the first thing that is offered for a message at the cursor. */
function mend(view) {
  const { head } = view.state.selection.main;
  let action;
  forEachDiagnostic(view.state, (found, from, to) => {
    if (from <= head && head <= to) action ??= found.actions?.[0];
  });
  action?.apply();
  return Boolean(action);
}

const setTold = StateEffect.define();
/** The explanation that a key asked for, until the cursor moves or Escape is pressed. */
const told = StateField.define({
  create: () => null,
  update(tip, transaction) {
    for (const each of transaction.effects) if (each.is(setTold)) return each.value;
    return transaction.docChanged || transaction.selection ? null : tip;
  },
  provide: (field) => showTooltip.from(field),
});

function explain(view, about) {
  const at = view.state.selection.main.head;
  hovered(view, at, about).then((tip) => tip && view.dispatch({ effects: setTold.of(tip) }));
  return true;
}

function forget(view) {
  if (!view.state.field(told)) return false;
  view.dispatch({ effects: setTold.of(null) });
  return true;
}

async function completions(context, about) {
  const before = context.matchBefore(/[\w.@"(,=>-]$/);
  if (!context.explicit && !before) return null;
  const found = await quietly({ ...about(), ask: "complete", at: context.pos });
  if (!found?.items?.length || context.aborted) return null;
  return {
    from: found.items[0].from,
    options: found.items.map((item, rank) => ({
      label: item.label,
      apply: item.insert,
      detail: item.detail.replaceAll("`", ""),
      type: item.kind,
      boost: Math.max(99 - rank, -99),
      info: item.markdown ? () => markdown(item.markdown) : undefined,
    })),
    validFor: /^[\w@]*$/,
  };
}

async function hovered(view, at, about) {
  const found = await quietly({ ...about(), ask: "hover", at });
  if (!found?.markdown || sliding(view.state)) return null;
  const [pos, end] = found.place;
  return { pos: Math.min(pos, at), end: Math.max(end, at), create: () => ({ dom: markdown(found.markdown) }) };
}

/** An answer, or nothing where none comes: what cannot be asked beside the typing is not worth a notice. */
const quietly = (question) => ask({ lane: "beside", ...question }).catch(() => null);
