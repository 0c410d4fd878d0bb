// The page: the text on the left, what becomes of it on the right. At each change one question is asked, whose answer has
// all that is shown; while it is on its way no other is, and then one about the newest text.
import "./studio.css";
import { ask, served, Unreachable } from "./ask.js";
import { diagram } from "./diagram.js";
import { amount, byId, count, element } from "./dom.js";
import { editor } from "./editor.js";
import { exported } from "./exports.js";
import { documents, offline } from "./file.js";
import { look } from "./look.js";
import { notice, quiet } from "./notices.js";
import * as panes from "./panes.js";
import { fragment, shared } from "./share.js";
import { tabs } from "./tabs.js";
import { TEXT, welcome } from "./welcome.js";
import { zoo } from "./zoo.js";

const REST = 500; // milliseconds without a change until the other variants, the linter and the fixes are asked for
const LATE = 400; // milliseconds until it is told that an answer is being waited for

const card = welcome();
const theme = look(() => refresh());
const write = editor(byId("editor"), {
  nonce: document.querySelector("script[nonce]")?.nonce ?? "",
  about: () => about(),
  changed(opened) {
    if (!opened) text.typed();
    refresh();
  },
  moved: (line, follow) => point(line, follow),
});
const text = documents(write, () => {
  card.about(text.key);
  first.clear();
  refresh();
});
const views = tabs((name) => {
  sessionStorage["netdsl:view"] = name;
  refresh();
});
const picture = diagram(() => text.name, (line, focus) => write.goLine(line, { focus }));
/** The figures of each variant as the text was opened: what changes are told against. */
const first = new Map();

/** What every question about the text begins with. */
const about = () => ({ text: write.text, name: text.name, place: text.place, variant: text.variant });

const point = (line, follow) => {
  picture.mark(line, follow);
  panes.markRows(line, follow);
};

// At each change ------------------------------------------------------------------------------------------------------

/** A function that asks again as long as the text has changed meanwhile, one question at a time. */
function once(work) {
  let busy = false;
  let again = false;
  return async () => {
    again = true;
    if (busy) return;
    busy = true;
    const late = setTimeout(() => document.body.classList.add("busy"), LATE);
    try {
      while (again) {
        again = false;
        await work();
      }
    } catch (problem) {
      if (!(problem instanceof Unreachable)) throw problem;
      offline(problem);
    } finally {
      clearTimeout(late);
      document.body.classList.remove("busy");
      busy = false;
    }
  };
}

const colour = once(async () => {
  const asked = write.text;
  const found = await ask({ ...about(), lane: "beside", ask: "colours" });
  if (write.text === asked && found.tokens) write.colour(found.tokens);
});

let checked = { messages: [] }; // what the last check said, of which text and variant
const stale = () => checked.text !== write.text || checked.variant !== text.variant || checked.name !== text.name;
const show = once(async () => {
  const asked = about();
  const view = views.name;
  const other = view === "compare" ? { with: byId("other").value, base: text.base } : pictureOptions();
  const found = await ask({ ...asked, ...other, lane: "show", ask: "show", pane: view });
  if (found.wrong) return void notice("wrong", found.wrong, { wrong: true });
  quiet("wrong");
  quiet("loading");
  variants(found);
  figures(found.figures, found.variant);
  if (found.pane && view === views.name) showing[view](found.pane);
  if (write.text !== asked.text) return;
  write.hint(found.hints);
  point(write.line, false);
  // Warnings stay in sight while someone types; they are looked for anew when the typing rests.
  if (stale()) {
    write.underline(found.messages);
    tell([...found.messages, ...checked.messages.filter((each) => each.severity !== "error")]);
  }
  const errors = found.messages.some((each) => each.severity === "error");
  if (text.key === "welcome" && !errors) card.done("mend");
});

const pictureOptions = () => ({
  theme: theme.dark ? "dark" : "light", style: byId("style").value, expand: byId("expand").checked, legend: byId("legend").checked,
});

let resting;
function refresh() {
  colour();
  show();
  clearTimeout(resting);
  if (stale()) resting = setTimeout(check, REST);
}

const check = once(async () => {
  const asked = about();
  const found = await ask({ ...asked, lane: "beside", ask: "check" });
  if (!found.messages || write.text !== asked.text) return;
  checked = { ...asked, messages: found.messages };
  write.underline(found.messages);
  tell(found.messages);
});

/** What each view makes of its answer; the messages have theirs from `tell`. */
const showing = {
  diagram: picture.show,
  layers: (answer) => panes.layers(answer, (line, focus) => write.goLine(line, { focus })),
  source: panes.source,
  costs: panes.costs,
  compare: panes.difference,
};

function tell(messages) {
  panes.messages(messages, {
    go: (at) => write.go(at),
    apply: (fix) => write.edit(fix.edits),
    place: (at) => `line ${write.view.state.doc.lineAt(Math.min(at, write.view.state.doc.length)).number}`,
  });
}

function variants({ variants: names, variant }) {
  const select = byId("variant");
  byId("variants").hidden = !names.length;
  if ([...select.options].map((each) => each.value).join("\n") !== names.join("\n"))
    select.replaceChildren(...names.map((name) => element("option", { value: name }, name)));
  if (variant !== null) select.value = variant;
}

function figures(found, variant) {
  const place = byId("figures");
  if (found?.params === undefined) return place.replaceChildren(found ? "not whole yet: see Messages" : "");
  if (!first.has(variant)) first.set(variant, found);
  const before = first.get(variant);
  const figure = (name, words, written) => {
    const by = found[name] - before[name];
    const change = by ? element("i", {}, ` ${by > 0 ? "+" : "−"}${written(Math.abs(by))}`) : null;
    return element("span", { title: `${count(found[name])} ${words}` }, element("b", {}, written(found[name])), change, ` ${words}`);
  };
  place.title = `${found.inputs.join(", ")} → ${found.output}`;
  return place.replaceChildren(
    figure("params", "params", amount),
    figure("macs", "multiply-adds", amount),
    figure("depth", "layers deep", String),
  );
}

// What is done with it --------------------------------------------------------------------------------------------------

const act = (id, work) => byId(id).addEventListener("click", () => work().catch(told));
/** An action that could not be done because nobody answers. */
const told = (problem) => {
  if (!(problem instanceof Unreachable)) throw problem;
  offline(problem);
};

const format = async () => {
  const asked = about();
  const found = await ask({ ...asked, ask: "format" });
  if (found.edits?.length && write.text === asked.text) write.edit(found.edits);
};
act("format", format);
act("save", () => text.save());
act("share", async () => {
  const link = location.origin + location.pathname + (await fragment({ text: write.text, name: text.name, variant: text.variant, place: text.place }));
  const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
  const made = notice("share", copied ? "Copied: this link holds the text." : "This link holds the text:");
  made.append(element("input", { value: link, readOnly: true, aria: { label: "Link" }, on: { focus: (event) => event.target.select() } }));
});
for (const button of byId("exports").querySelectorAll("button"))
  button.addEventListener("click", async () => {
    byId("exports").open = false;
    const wrong = await exported(button.dataset.to, { ...about(), style: byId("style").value, expand: byId("expand").checked }).catch(told);
    if (wrong) notice("export", wrong, { wrong: true });
  });
byId("variant").addEventListener("change", () => {
  text.choose(byId("variant").value);
  card.done("read");
  refresh();
});
for (const id of ["style", "expand", "legend", "other"]) byId(id).addEventListener("change", () => refresh());
addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "s") text.save().catch(told);
  else if (event.altKey && event.shiftKey && event.code === "KeyF") format().catch(told);
  else return;
  event.preventDefault();
});
byId("editor").addEventListener("input", (event) => event.target.type === "range" && card.done("drag"));

// What is opened ------------------------------------------------------------------------------------------------------

const NEW = "net Mine\ninput 3x32x32\nconv3-32(act=relu) x2; maxpool\nfc-10\n";

/** Open what the address says: a text, a network of the zoo, a beginning; or else the file, where there is one. */
async function openAddress(file) {
  const { hash } = location;
  const link = await shared(hash);
  if (link) {
    await text.open({ key: `link:${hash}`, ...link });
    return void notice("open", "This text came with the link. It is in no file, and may open none but the zoo's.", { seconds: 8 });
  }
  if (hash.startsWith("#net=")) notice("open", "This link holds no text: it was cut off, or is of another kind.", { wrong: true });
  if (hash.startsWith("#zoo=")) {
    const name = decodeURIComponent(hash.slice(5));
    const found = await ask({ ask: "network", name });
    if (!found.wrong) return text.open({ key: `zoo:${name}`, place: "zoo", ...found });
    notice("open", found.wrong, { wrong: true });
  }
  if (hash === "#new") return text.open({ key: "new", text: NEW, name: "new.net" });
  if (hash === "#welcome" || !file) return text.open({ key: "welcome", name: "welcome.net", text: TEXT, variant: "D" });
  if (file.wrong) notice("disk", file.wrong, { wrong: true });
  return text.open({ key: `file:${file.id}`, place: "file", ...file });
}

const open = async () => {
  const { file } = served ? await ask({ ask: "file" }) : { file: null };
  await openAddress(file);
  return file;
};
/** Go to a fragment of this address, and open what it says. */
const go = (fragment) => {
  history.pushState(null, "", location.pathname + fragment);
  open().catch(told);
};
byId("again").addEventListener("click", () => {
  byId("keys").close();
  card.show();
  go("#welcome");
});

addEventListener("focus", () => refresh()); // files that the text uses may have changed
addEventListener("popstate", () => open().catch(told));
if (!served) {
  byId("save").hidden = true;
  notice("loading", "Python is on its way: 17 MB the first time, then from this browser's cache.");
}
views.choose(sessionStorage["netdsl:view"]);
open().then((file) => zoo(file?.name, go)).catch(told);
