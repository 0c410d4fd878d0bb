// The other views: layers, messages, source, costs, difference. Each is a function from an answer to what its pane shows.
import { amount, byId, coloured, count, element } from "./dom.js";
import { inline } from "./markdown.js";

const empty = (text) => element("p", { className: "empty" }, text);

/** The table of layers; a row leads to its line. */
export function layers(answer, go) {
  const pane = byId("pane-layers");
  if (answer.message) return pane.replaceChildren(empty(answer.message));
  const body = element("tbody");
  const add = (rows, level, line) => {
    for (const row of rows) {
      const mine = row.line ?? line;
      const name = element("td", {}, row.name || "–");
      name.style.paddingLeft = `${0.6 + 1.1 * level}em`;
      const figures = [row.params, row.macs].map((each) => element("td", { className: "figure" }, each ? count(each) : each === 0 ? "" : "?"));
      const made = element("tr", { className: row.rows.length ? "group" : "" }, name, element("td", { className: "code" }, row.op), element("td", {}, row.output), ...figures);
      if (mine) {
        made.dataset.line = mine;
        made.tabIndex = 0;
        made.addEventListener("click", () => go(mine, false));
        made.addEventListener("keydown", (event) => event.key === "Enter" && go(mine, true));
      }
      body.append(made);
      add(row.rows, level + 1, mine);
    }
  };
  add(answer.rows, 0, null);
  const head = element("tr", {}, ...answer.head.map((each, at) => element("th", { scope: "col", className: at > 2 ? "figure" : "" }, each)));
  const { scrollTop } = pane;
  pane.replaceChildren(
    element("table", {}, element("thead", {}, head), body),
    element("ul", { className: "notes" }, ...answer.notes.map((note) => element("li", {}, note))),
  );
  pane.scrollTop = scrollTop;
}

/** The messages, each with its place and what would mend it. */
export function messages(found, { go, apply, place }) {
  const pane = byId("pane-messages");
  const wrong = found.filter((each) => each.severity === "error").length;
  byId("count").textContent = found.length || "";
  byId("count").className = wrong ? "wrong" : found.length ? "warn" : "";
  // For a reader of screens, and only when it is another number: typing is not to be talked over.
  const said = wrong === 1 ? "1 error" : wrong ? `${wrong} errors` : "no errors";
  if (byId("said").textContent !== said) byId("said").textContent = said;
  byId("tab-messages").title = `${wrong} errors, ${found.length - wrong} others`;
  if (!found.length) return pane.replaceChildren(empty("Nothing to say: the network fits, and keeps its promises."));
  pane.replaceChildren(
    ...found.map((message) => {
      const [first, ...rest] = message.text.split("\n");
      return element(
        "article",
        { className: message.severity },
        element("button", { className: "where", on: { click: () => go(message.place[0]) } }, place(message.place[0])),
        element("b", {}, `${message.severity} ${message.code}`),
        element("p", {}, ...inline(first)),
        ...rest.map((line) => element("p", { className: "dim" }, ...inline(line))),
        ...(message.fixes ?? []).map((fix) => element("button", { className: "fix", on: { click: () => apply(fix) } }, ...inline(fix.title))),
      );
    }),
  );
}

/** The emitted source, coloured. */
export function source(answer) {
  const pane = byId("pane-source");
  if (answer.message) return pane.replaceChildren(empty(answer.message));
  const { scrollTop } = pane;
  pane.replaceChildren(element("pre", { className: "code" }, coloured(answer.text, answer.tokens)));
  pane.scrollTop = scrollTop;
}

const MEASURES = [["parameters", 2], ["multiply-adds", 3], ["activations, bytes", 4]];
const KINDS = ["convolution", "fully connected", "attention", "recurrent", "normalization", "activation", "pooling", "other"];

/** Where the network spends: bars for each stage, in the colours of the kinds of layers. */
export function costs(answer) {
  const pane = byId("pane-costs");
  if (answer.message) return pane.replaceChildren(empty(answer.message));
  const stages = [...new Set(answer.rows.map((row) => row[0]))];
  const kinds = KINDS.filter((kind) => answer.rows.some((row) => row[1] === kind && (row[2] || row[3] || row[4])));
  const legend = element("p", { className: "legend" }, ...kinds.map((kind) =>
    element("span", {}, element("i", { className: `kind-${KINDS.indexOf(kind)}` }), kind)));
  const charts = MEASURES.map(([title, column]) => {
    const total = (stage) => answer.rows.reduce((sum, row) => sum + (row[0] === stage ? row[column] : 0), 0);
    const most = Math.max(...stages.map(total), 1);
    const all = stages.reduce((sum, stage) => sum + total(stage), 0);
    const bars = stages.map((stage) => {
      const bar = element("div", { className: "bar" });
      for (const row of answer.rows.filter((row) => row[0] === stage && row[column])) {
        const piece = element("i", { className: `kind-${KINDS.indexOf(row[1])}`, title: `${stage}, ${row[1]}: ${count(row[column])}` });
        piece.style.width = `${(100 * row[column]) / most}%`;
        bar.append(piece);
      }
      return element("tr", {}, element("th", { scope: "row" }, stage), element("td", {}, bar), element("td", { className: "figure" }, total(stage) ? amount(total(stage)) : ""));
    });
    return element("table", { className: "chart" }, element("caption", {}, title, element("b", {}, amount(all))), element("tbody", {}, ...bars));
  });
  pane.replaceChildren(legend, ...charts, element("ul", { className: "notes" }, ...answer.notes.map((note) => element("li", {}, note))));
}

/** What sets this network apart from another. */
export function difference(answer) {
  byId("difference").replaceChildren(
    answer.message
      ? empty(answer.message)
      : element("pre", {}, ...answer.lines.map(({ text, role }) => element("span", { className: `line ${role}` }, `${text}\n`))),
  );
}

/** Mark the rows that a line wrote. */
export function markRows(line, follow) {
  let first = null;
  for (const row of byId("pane-layers").querySelectorAll("tr[data-line]")) {
    const mine = Number(row.dataset.line) === line;
    row.classList.toggle("here", mine);
    first ??= mine ? row : null;
  }
  if (follow) first?.scrollIntoView({ block: "nearest" });
}
