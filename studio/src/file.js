// The text that is worked on: where it came from, what was typed and not saved, saving, and what happens to the file on
// disk meanwhile.
import { ask, served, Unreachable } from "./ask.js";
import { byId } from "./dom.js";
import * as drafts from "./drafts.js";
import { notice, quiet } from "./notices.js";

const POLL = 2500; // milliseconds

const VARIANT = "netdsl:variant:";

const unix = (text) => text.replace(/\r\n?/g, "\n");

/**
 * The document in the editor: `name`, `place` (file, zoo, or null), `variant`, `base` (the text as it was opened or saved
 * last). `write` is the editor, `opened()` is called when another text is there.
 */
export function documents(write, opened) {
  const made = {
    key: "", name: "network.net", place: null, base: "", digest: null, crlf: false, variant: null,

    get changed() {
      return write.text !== made.base;
    },

    /** Open a text, with what was typed into it before if that was not saved. */
    async open({ key, name, place = null, text, digest = null, variant = null }) {
      const draft = await drafts.find(key);
      const base = unix(text ?? "");
      variant = sessionStorage[VARIANT + key] ?? variant;
      Object.assign(made, { key, name, place, base, digest, variant, crlf: /\r\n/.test(text ?? "") });
      quiet("disk");
      quiet("restored");
      if (draft && unix(draft.text) !== base) {
        Object.assign(made, { variant: variant ?? draft.variant, digest: draft.digest });
        write.open(draft.text);
        const when = new Date(draft.time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
        notice("restored", `What was typed into ${name} and not saved (${when}) is here again.`, {
          actions: [["Start over", () => made.replace(made.base, digest)]],
        });
      } else write.open(base);
      tell();
      opened();
    },

    /** Look at another variant, in this tab after a reload too. */
    choose(variant) {
      made.variant = sessionStorage[VARIANT + made.key] = variant;
    },

    /** Another text for the same document, as it is on disk. */
    replace(text, digest) {
      Object.assign(made, { base: unix(text ?? ""), digest });
      write.open(made.base, { undoable: true });
      made.typed();
      opened();
    },

    /** The text has changed: keep it. */
    typed() {
      tell();
      if (!made.changed) return drafts.drop(made.key);
      const { name, variant, digest } = made;
      if (!drafts.keep(made.key, { name, variant, digest, text: write.text }))
        notice("draft", "This browser has no room to keep what is not saved: save it, or export it.", { wrong: true });
    },

    async save() {
      if (made.place !== "file") return notice("save", "This text has no file: Export → Text downloads it.", { seconds: 8 });
      const text = write.text;
      const found = await ask({ ask: "save", text: made.crlf ? text.replaceAll("\n", "\r\n") : text, digest: made.digest });
      if (found.wrong) return notice("save", found.wrong, { wrong: true });
      if (found.changed) return differs(found.changed, "It was not saved: ");
      Object.assign(made, { base: text, digest: found.digest });
      quiet("disk");
      quiet("restored");
      made.typed();
      return notice("save", `Saved ${made.name}.`, { seconds: 3 });
    },
  };

  const tell = () => {
    byId("name").textContent = made.name;
    byId("unsaved").hidden = !made.changed;
    byId("save").disabled = made.place === "file" && !made.changed;
    document.title = `${made.changed ? "• " : ""}${made.name} – netdsl studio`;
  };

  /** The file on disk is not the one that was opened. */
  const differs = (state, before = "") => {
    if (state.wrong) return notice("disk", `${before}${state.wrong}`, { wrong: true });
    const lost = state.digest === null;
    const what = lost ? `${made.name} is no longer on the disk.` : `${made.name} was changed on the disk by another program.`;
    const actions = [[lost ? "Save it again" : "Overwrite it", () => ((made.digest = state.digest), made.save())]];
    if (!lost) actions.unshift(["Take the text of the disk", () => made.replace(state.text, state.digest)]);
    return notice("disk", before + what, { actions, wrong: true });
  };

  let told = null; // the digest that a notice is up for
  const look = async () => {
    try {
      const { file } = await ask({ ask: "file" });
      if (byId("notices").querySelector("[data-name=offline]")) {
        quiet("offline");
        opened();
      }
      if (made.place !== "file" || !file || file.digest === made.digest) return (told = null);
      if (told === (file.wrong ?? file.digest)) return null;
      told = file.wrong ?? file.digest;
      if (made.changed || file.wrong || file.digest === null) return differs(file);
      made.replace(file.text, file.digest);
      return notice("disk", `${made.name} was changed on the disk; this is its text now. Undo brings back the one before.`, { seconds: 8 });
    } catch (problem) {
      if (problem instanceof Unreachable) return offline(problem);
      throw problem;
    }
  };
  if (served) {
    setInterval(() => document.visibilityState === "visible" && look(), POLL);
    addEventListener("focus", look);
  }
  return made;
}

/** The compiler cannot be reached. It is asked again and again, so this goes when it is there again. */
export function offline(problem) {
  if (!byId("notices").querySelector("[data-name=offline]")) notice("offline", problem.message, { wrong: true });
}
