// The built extension in an editor that is only pretended: it loads, registers its commands, and explains a missing server.

const assert = require("node:assert");
const Module = require("node:module");
const path = require("node:path");
const test = require("node:test");

/** Stands for all of the editor's interface that the test does not look at. */
function anything() {
  const made = {};
  return new Proxy(class {}, {
    get: (target, key) => (key === "prototype" || key in target ? target[key] : (made[key] ??= anything())),
    apply: () => anything(),
  });
}

test("it starts without a server, and says how to get one", async () => {
  const commands = [];
  const messages = [];
  const panels = [];
  const nothing = { dispose() {} };
  const listen = () => nothing;
  const settings = { path: "/nowhere/netdsl", python: "" };
  const document = { languageId: "netdsl", uri: { path: "/project/a.net", toString: () => "file:///project/a.net" } };
  const handlers = {};
  const posted = [];
  const editor = new Proxy(
    {
      version: "1.91.0",
      ViewColumn: { Beside: -2 },
      commands: { registerCommand: (name, handler) => (commands.push(name), (handlers[name] = handler), nothing) },
      workspace: {
        onDidChangeTextDocument: listen,
        onDidSaveTextDocument: listen,
        onDidChangeConfiguration: listen,
        workspaceFolders: undefined,
        getConfiguration: () => ({ get: (name, fallback) => settings[name] ?? fallback }),
      },
      window: {
        onDidChangeActiveTextEditor: listen,
        activeTextEditor: { document },
        showErrorMessage: async (...words) => void messages.push(words),
        createWebviewPanel: (...given) => {
          let ready;
          const webview = {
            set html(text) {
              panels.push([...given, text]);
            },
            onDidReceiveMessage: (handler) => (ready = handler),
            postMessage: async (message) => posted.push(message),
          };
          return { webview, onDidDispose: listen, reveal() {}, say: () => ready("ready"), title: "" };
        },
      },
    },
    { get: (target, key) => (key in target ? target[key] : (target[key] = anything())) },
  );
  const load = Module._load;
  Module._load = (name, ...rest) => (name === "vscode" ? editor : load(name, ...rest));
  try {
    const extension = require(path.join(__dirname, "..", "dist", "extension.js"));
    await extension.activate({ subscriptions: [] });
    const declared = require("../package.json").contributes.commands.map((each) => each.command);
    assert.deepStrictEqual(commands.sort(), declared.sort());
    assert.strictEqual(messages.length, 1);
    assert.match(messages[0][0], /`\/nowhere\/netdsl lsp` could not be run \(no such program\)/);
    assert.strictEqual(messages[0][1], "Open settings");

    handlers["netdsl.showDiagram"]();
    const [[, , , options, html]] = panels;
    assert.deepStrictEqual(options.localResourceRoots, []);
    assert.match(html, /default-src 'none'/);
    handlers["netdsl.showDiagram"](); // the page is there: it is asked to draw again
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.strictEqual(posted.length, 1);
    assert.strictEqual(posted[0].message, "the language server does not run");
    await extension.deactivate();
  } finally {
    Module._load = load;
  }
});
